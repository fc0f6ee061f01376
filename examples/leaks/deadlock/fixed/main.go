// The accounts are locked in the order of their names, whatever the direction.
package main

import (
	"sync"
	"time"

	"leaks/rounds"
)

type account struct {
	mu      sync.Mutex
	name    string
	balance int
}

func transfer(from, to *account, amount int) {
	first, second := from, to
	if second.name < first.name {
		first, second = second, first
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	second.mu.Lock()
	defer second.mu.Unlock()
	from.balance -= amount
	to.balance += amount
}

var accounts = map[string]*account{"alice": {name: "alice"}, "bob": {name: "bob"}}

func main() {
	rounds.Run(func() {
		go transfer(accounts["alice"], accounts["bob"], 10)
		go transfer(accounts["bob"], accounts["alice"], 20)
		time.Sleep(100 * time.Millisecond)
	})
}
