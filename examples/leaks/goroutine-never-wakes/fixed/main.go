// The answer has room in the channel: who answers too late leaves it there and ends. The channel goes with it.
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
	answer := make(chan *result, 1)
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
