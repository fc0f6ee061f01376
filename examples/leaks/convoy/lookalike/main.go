// A lock that is in great demand: many wait for it, and who has it works and is soon done.
package main

import (
	"sync"
	"time"

	"leaks/rounds"
)

type counter struct {
	mu    sync.Mutex
	total int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for began := time.Now(); time.Since(began) < time.Millisecond; {
		c.total++
	}
}

var visits counter

func main() {
	for i := 0; i < 20; i++ {
		go func() {
			for {
				visits.add()
			}
		}()
	}
	rounds.Run(func() { time.Sleep(50 * time.Millisecond) })
}
