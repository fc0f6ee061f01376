// One goroutine for each connection, with its channel in a map, and more of them all the time: but each has a
// reader as well, which ends it when the connection does. And workers with a queue of their own each.
package main

import (
	"runtime"
	"time"

	"leaks/rounds"
)

type connection struct {
	send chan []byte
	gone chan struct{}
}

func (c *connection) write() {
	for range c.send {
	}
}

func (c *connection) read() {
	for {
		select {
		case <-c.gone:
			close(c.send)
			return
		default:
			time.Sleep(20 * time.Millisecond)
		}
	}
}

var (
	connections = map[int]*connection{}
	queues      []chan int
)

func connect(number int) {
	c := &connection{send: make(chan []byte), gone: make(chan struct{})}
	connections[number] = c
	go c.write()
	go c.read()
}

func work(queue chan int) {
	for range queue {
	}
}

func main() {
	for i := 0; i < 32; i++ {
		queues = append(queues, make(chan int))
		go work(queues[i])
	}
	rounds.Run(func() {
		for i := 0; i < 40; i++ {
			connect(len(connections))
			queues[i*7%len(queues)] <- i
			if i%10 == 9 {
				time.Sleep(50 * time.Millisecond)
				runtime.GC()
			}
		}
	})
}
