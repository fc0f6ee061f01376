// Many transfers between the same accounts at the same time: they wait for two locks, and get both.
package main

import (
	"sync"
	"time"

	"leaks/rounds"
)

type account struct {
	mu      sync.Mutex
	balance int
}

var (
	first, second account
	audit         sync.RWMutex
)

func transfer(amount int) {
	audit.RLock()
	defer audit.RUnlock()
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.Lock()
	defer second.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
	first.balance -= amount
	second.balance += amount
}

func check() int {
	audit.Lock()
	defer audit.Unlock()
	return first.balance + second.balance
}

func main() {
	for i := 0; i < 4; i++ {
		go func() {
			for {
				transfer(1)
			}
		}()
	}
	rounds.Run(func() {
		for i := 0; i < 5; i++ {
			check()
		}
	})
}
