// The functions that are called when the next batch is written: there are always some, and a few more today than
// yesterday, but not one of them is from yesterday.
package main

import (
	"sync"

	"leaks/rounds"
)

type request struct {
	done bool
	body []byte
}

var (
	mu          sync.Mutex
	afterCommit []func()
)

func submit() {
	r := &request{body: make([]byte, 4<<10)}
	mu.Lock()
	defer mu.Unlock()
	afterCommit = append(afterCommit, func() { r.done = len(r.body) > 0 })
}

func commit() {
	mu.Lock()
	waiting := afterCommit
	afterCommit = nil
	mu.Unlock()
	for _, call := range waiting {
		call()
	}
}

func main() {
	batch := 120
	rounds.Run(func() {
		commit()
		for i := 0; i < batch; i++ {
			submit()
		}
		batch += 40
	})
}
