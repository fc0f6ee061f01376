// A cache whose entries expire after an hour: as many timers that nobody stops, but each of them has only the key,
// and the entries are in use until then. And a ticker for the life of the program.
package main

import (
	"fmt"
	"sync"
	"time"

	"leaks/rounds"
)

type cache struct {
	mu      sync.Mutex
	entries map[string][]byte
}

func (c *cache) put(key string, value []byte) {
	c.mu.Lock()
	c.entries[key] = value
	c.mu.Unlock()
	time.AfterFunc(time.Hour, func() { c.expire(key) })
}

func (c *cache) expire(key string) {
	c.mu.Lock()
	delete(c.entries, key)
	c.mu.Unlock()
}

func (c *cache) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

func main() {
	c := &cache{entries: map[string][]byte{}}
	go func() {
		for range time.Tick(time.Minute) {
			fmt.Println("entries:", c.size())
		}
	}()
	rounds.Run(func() {
		for i := 0; i < 200; i++ {
			c.put(fmt.Sprint("page ", i), make([]byte, 16<<10))
		}
	})
	fmt.Println(c.size())
}
