// The list is worked into the index before; the function that waits gets a summary of it.
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

type summary struct {
	size  int
	first byte
}

func (x *index) add(list []byte) summary {
	for _, b := range list {
		if b == 0 {
			x.names++
		}
	}
	return summary{len(list), list[0]}
}

func serve(list summary, gone <-chan struct{}) {
	<-gone
	log.Println("gone, had sent", list.size, "bytes, the first is", list.first)
}

const longEnough = 5500 * time.Millisecond

func main() {
	var x index
	gone := make(chan struct{})
	rounds.Run(func() {
		for i := 0; i < 20; i++ {
			go serve(x.add(make([]byte, 100<<10)), gone)
		}
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		time.Sleep(longEnough)
	})
	close(gone)
}
