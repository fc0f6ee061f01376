// silt: goroutine-never-wakes, main.search.func1
//
// A search asks a backend and gives up after a while. Whoever answers too late sends to nobody: the goroutine
// stays, with the result in its hands.
package main

import (
	"context"
	"time"

	"leaks/rounds"
)

type result struct {
	rows []byte
}

func query(term string) *result {
	time.Sleep(20 * time.Millisecond)
	return &result{rows: make([]byte, 64<<10)}
}

func search(ctx context.Context, term string) (*result, error) {
	answer := make(chan *result)
	go func() { answer <- query(term) }()
	select {
	case found := <-answer:
		return found, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 40; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			search(ctx, "shoes")
			cancel()
		}
		time.Sleep(100 * time.Millisecond)
	})
}
