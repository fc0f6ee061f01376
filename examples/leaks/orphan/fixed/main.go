// Who deletes the entry closes the channel that stops the watcher.
package main

import (
	"fmt"
	"time"

	"leaks/rounds"
)

type watcher struct {
	symbol string
	prices [64]float64
	stop   chan struct{}
}

func (w *watcher) run() {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			copy(w.prices[1:], w.prices[:])
		case <-w.stop:
			return
		}
	}
}

var watchers = map[string]*watcher{}

func watch(symbol string) {
	w := &watcher{symbol: symbol, stop: make(chan struct{})}
	watchers[symbol] = w
	go w.run()
}

func unwatch(symbol string) {
	close(watchers[symbol].stop)
	delete(watchers, symbol)
}

func main() {
	day := 0
	rounds.Run(func() {
		day++
		for i := 0; i < 40; i++ {
			watch(fmt.Sprintf("%d/%d", day, i))
		}
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < 30; i++ {
			unwatch(fmt.Sprintf("%d/%d", day, i))
		}
	})
}
