// A service at work: between two collections half of its heap is free or waits for the collector. That is the room
// that GOGC=100 asks for, and it is used again at once.
package main

import "leaks/rounds"

const recordSize = 512

var kept [][]byte

func main() {
	rounds.Run(func() {
		kept = nil
		for i := 0; i < 40000; i++ {
			record := make([]byte, recordSize)
			for j := range record {
				record[j] = byte(i)
			}
			if i%2 == 0 {
				kept = append(kept, record)
			}
		}
	})
}
