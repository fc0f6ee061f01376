// Blocked has many goroutines that wait, for measuring how long it takes to say which of them can never wake.
//
//	blocked alone|chain|leaked-chain COUNT
//
// alone: each waits to send on a channel that nobody else has. chain: each waits for a channel that only the one
// before it can close, and has the channel of the one after it; main has the first, so all are alive, but each can be
// reached only through all before it. leaked-chain: the same, but nobody has the first.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

const settling = 500 * time.Millisecond

func sendAlone() {
	answer := make(chan *[64]byte)
	answer <- new([64]byte)
}

func closeNext(wait, next chan bool) {
	<-wait
	close(next)
}

// link starts a chain and returns the channel that sets it off.
func link(count int) chan bool {
	first := make(chan bool)
	wait := first
	for i := 0; i < count; i++ {
		next := make(chan bool)
		go closeNext(wait, next)
		wait = next
	}
	return first
}

func main() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	var first chan bool
	switch os.Args[1] {
	case "alone":
		for i := 0; i < count; i++ {
			go sendAlone()
		}
	case "chain":
		first = link(count)
	case "leaked-chain":
		link(count)
	}
	time.Sleep(settling)
	runtime.GC()
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')
	if first != nil {
		close(first)
	}
}
