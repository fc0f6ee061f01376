// silt: goroutine-frame, main.serve
//
// A subscriber sends a list of what it wants to hear of, and stays connected for hours. The list has been worked into
// an index, but the function that waits for the end still has it: what it writes into the log at the end needs it.
package main

import (
	"log"
	"runtime"
	"time"

	"leaks/rounds"
)

type index struct {
	names int
}

func (x *index) add(list []byte) {
	for _, b := range list {
		if b == 0 {
			x.names++
		}
	}
}

func serve(x *index, list []byte, gone <-chan struct{}) {
	x.add(list)
	<-gone
	log.Println("gone, had sent", len(list), "bytes, the first is", list[0])
}

const longEnough = 5500 * time.Millisecond

func main() {
	var x index
	gone := make(chan struct{})
	rounds.Run(func() {
		for i := 0; i < 20; i++ {
			go serve(&x, make([]byte, 100<<10), gone)
		}
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		time.Sleep(longEnough)
	})
	close(gone)
}
