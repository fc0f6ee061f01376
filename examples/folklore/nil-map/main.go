// Claim: reading a nil map blocks.
//
// It gives the zero value at once (and writing to it panics). What blocks, for ever, is a nil channel.
package main

import "folklore/step"

var (
	nilMap     map[string]int
	nilChannel chan int
	answer     = make(chan int, 1)
)

func readMap() {
	answer <- nilMap["key"]
}

func readChannel() {
	answer <- <-nilChannel
}

func main() {
	go readMap()
	<-answer
	go readChannel()
	step.Run()
}
