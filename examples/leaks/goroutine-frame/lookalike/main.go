// A goroutine that owns a map and answers who asks for it, and workers with a buffer each: they wait as long, and
// nobody else has their memory, but they wait for work.
package main

import (
	"log"
	"runtime"
	"time"

	"leaks/rounds"
)

type request struct {
	at   int
	data []byte
}

// own has all the data, and answers who asks for it.
func own(requests <-chan request) {
	data := map[int][]byte{}
	for r := range requests {
		data[r.at] = r.data
	}
	log.Println(len(data))
}

// work has a buffer that it uses again and again.
func work(requests <-chan request) {
	buffer := make([]byte, 100<<10)
	for r := range requests {
		copy(buffer, r.data)
	}
	log.Println(buffer[0])
}

const longEnough = 5500 * time.Millisecond

func main() {
	owned, todo := make(chan request), make(chan request)
	go own(owned)
	for i := 0; i < 10; i++ {
		go work(todo)
	}
	rounds.Run(func() {
		for i := 0; i < 20; i++ {
			owned <- request{i, make([]byte, 100<<10)}
			todo <- request{i, nil}
		}
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		time.Sleep(longEnough)
	})
	close(owned)
	close(todo)
}
