// Whoever registers a function gets another one back, which takes it out again.
package main

import (
	"sync"

	"leaks/rounds"
)

type config struct {
	limit int
}

type connection struct {
	limit  int
	buffer []byte
}

var (
	mu       sync.Mutex
	onReload = map[int]func(*config){}
	next     int
)

func subscribe(listener func(*config)) (unsubscribe func()) {
	mu.Lock()
	defer mu.Unlock()
	number := next
	next++
	onReload[number] = listener
	return func() {
		mu.Lock()
		defer mu.Unlock()
		delete(onReload, number)
	}
}

func serve() {
	conn := &connection{limit: 10, buffer: make([]byte, 4<<10)}
	defer subscribe(func(c *config) { conn.limit = c.limit })()
	conn.buffer[0] = 1
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 150; i++ {
			serve()
		}
	})
}
