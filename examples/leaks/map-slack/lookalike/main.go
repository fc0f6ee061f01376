// An import knows how many products will come and makes its map large enough at once; the first of them are there.
// The map of what was seen in a round is cleared and filled again in the next. Both have many free slots, and will
// need them.
package main

import (
	"fmt"

	"leaks/rounds"
)

type product struct {
	name  string
	price int
}

var (
	catalog = make(map[string]*product, 60000)
	seen    = make(map[string]bool, 1000)
)

func main() {
	next := 0
	rounds.Run(func() {
		for i := 0; i < 100; i++ {
			name := fmt.Sprint("product-", next)
			catalog[name] = &product{name, 100 * next}
			seen[name] = true
			next++
		}
		for name := range seen {
			delete(seen, name)
		}
	})
}
