// silt: goroutine-likely, main.(*client).call
//
// Whoever calls the other side waits for the answer, and is found by its number when that comes. For some calls
// it never comes; they stay in the map, and wait.
package main

import (
	"runtime"
	"sync"
	"time"

	"leaks/rounds"
)

type client struct {
	mu      sync.Mutex
	next    uint64
	pending map[uint64]chan []byte
}

func newClient() *client {
	return &client{pending: map[uint64]chan []byte{}}
}

func (c *client) call(request []byte) []byte {
	answer := make(chan []byte)
	c.mu.Lock()
	c.next++
	c.pending[c.next] = answer
	c.mu.Unlock()
	return <-answer
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
