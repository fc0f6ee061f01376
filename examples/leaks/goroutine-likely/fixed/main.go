// A call waits no longer than its time, and takes itself out of the map.
package main

import (
	"runtime"
	"sync"
	"time"

	"leaks/rounds"
)

const patience = 20 * time.Millisecond

type client struct {
	mu      sync.Mutex
	next    uint64
	pending map[uint64]chan []byte
}

func newClient() *client {
	return &client{pending: map[uint64]chan []byte{}}
}

func (c *client) call(request []byte) []byte {
	answer := make(chan []byte, 1)
	c.mu.Lock()
	c.next++
	number := c.next
	c.pending[number] = answer
	c.mu.Unlock()
	select {
	case message := <-answer:
		return message
	case <-time.After(patience):
		c.forget(number)
		return nil
	}
}

func (c *client) forget(number uint64) {
	c.mu.Lock()
	delete(c.pending, number)
	c.mu.Unlock()
}

// answer is called for each message that comes in.
func (c *client) answer(number uint64, message []byte) {
	c.mu.Lock()
	waiting, there := c.pending[number]
	delete(c.pending, number)
	c.mu.Unlock()
	if there {
		waiting <- message
	}
}

var backend *client

func main() {
	backend = newClient()
	rounds.Run(func() {
		for i := 0; i < 5; i++ {
			for j := 0; j < 10; j++ {
				go backend.call(make([]byte, 4<<10))
			}
			time.Sleep(50 * time.Millisecond)
			backend.answer(uint64(i*10+1), nil)
			runtime.GC()
		}
	})
}
