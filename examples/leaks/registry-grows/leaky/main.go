// silt: registry-grows between two snapshots, main.onReload
//
// A connection wants to know when the configuration is read anew, and registers a function for that. Nobody takes
// it out when the connection ends: the function keeps the connection with its buffer.
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
	onReload []func(*config)
)

func subscribe(listener func(*config)) {
	mu.Lock()
	defer mu.Unlock()
	onReload = append(onReload, listener)
}

func serve() {
	conn := &connection{limit: 10, buffer: make([]byte, 4<<10)}
	subscribe(func(c *config) { conn.limit = c.limit })
	conn.buffer[0] = 1
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 150; i++ {
			serve()
		}
	})
}
