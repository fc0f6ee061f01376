// A cache that cleans up after itself: nobody has the channel that stops its janitor but a finalizer of the
// cache. And loops that are meant to run as long as the program, though they could be stopped.
package main

import (
	"runtime"
	"time"

	"leaks/rounds"
)

type janitor struct {
	stop chan struct{}
}

type cache struct {
	janitor *janitor
	items   map[string]int
}

func (j *janitor) run() {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-j.stop:
			return
		}
	}
}

func newCache() *cache {
	c := &cache{janitor: &janitor{stop: make(chan struct{})}, items: map[string]int{}}
	runtime.SetFinalizer(c, func(c *cache) { close(c.janitor.stop) })
	go c.janitor.run()
	return c
}

func every(period time.Duration, stop chan struct{}) {
	for {
		select {
		case <-time.After(period):
		case <-stop:
			return
		}
	}
}

var caches []*cache

func main() {
	never := make(chan struct{})
	for i := 0; i < 5; i++ {
		go every(time.Minute, never)
	}
	go every(time.Hour, make(chan struct{}))
	for i := 0; i < 20; i++ {
		caches = append(caches, newCache())
	}
	rounds.Run(func() { time.Sleep(50 * time.Millisecond) })
	runtime.KeepAlive(caches)
}
