// Workers that wait for work, each with a buffer of its own. They wait in the same way, but the queue is in the
// hands of whoever has work for them.
package main

import (
	"time"

	"leaks/rounds"
)

type pool struct {
	work chan []byte
}

func (p *pool) worker() {
	buffer := make([]byte, 64<<10)
	for item := range p.work {
		copy(buffer, item)
	}
}

func newPool(workers int) *pool {
	p := &pool{work: make(chan []byte)}
	for i := 0; i < workers; i++ {
		go p.worker()
	}
	return p
}

func main() {
	p := newPool(40)
	rounds.Run(func() {
		p.work <- []byte("item")
		time.Sleep(20 * time.Millisecond)
	})
	close(p.work)
}
