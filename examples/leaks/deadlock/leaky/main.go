// silt: deadlock, main.transfer
//
// A transfer locks the account that it takes from, then the one that it gives to. Two transfers between the same
// accounts in opposite directions wait for each other.
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
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
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
