// A program that makes timers of every sort, some of which nobody can stop, and says how many.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"
)

type document struct {
	text []byte
}

var kept []*time.Ticker

func fact(name string, count int) {
	fmt.Printf("fact timers %s count=%d\n", name, count)
}

func tickers(count int) {
	for i := 0; i < count; i++ {
		time.NewTicker(40 * time.Second)
		kept = append(kept, time.NewTicker(50*time.Second))
		time.NewTicker(60 * time.Second).Stop()
	}
	fact("abandoned-tickers", count)
}

func timeouts(count int) {
	for i := 0; i < count; i++ {
		done := make(chan bool, 1)
		done <- true
		select {
		case <-done:
		case <-time.After(20 * time.Minute):
		}
	}
	fact("abandoned-timeouts", count)
}

//go:noinline
func remember(d *document) {
	time.AfterFunc(30*time.Minute, func() { fmt.Println(len(d.text)) })
}

//go:noinline
func forget(d *document) {
	time.AfterFunc(30*time.Minute, func() { fmt.Println(len(d.text)) }).Stop()
}

func functions(count int) {
	for i := 0; i < count; i++ {
		remember(&document{make([]byte, 8<<10)})
		forget(&document{make([]byte, 8<<10)})
	}
	fact("functions", count)
}

type key struct{}

func contexts(count int) {
	for i := 0; i < count; i++ {
		ctx := context.WithValue(context.Background(), key{}, make([]byte, 4<<10))
		context.WithTimeout(ctx, time.Hour)
		_, cancel := context.WithTimeout(ctx, 2*time.Hour)
		cancel()
	}
	fact("contexts", count)
}

func main() {
	tickers(300)
	timeouts(700)
	functions(150)
	contexts(120)
	runtime.GC()
	fmt.Println("READY")
	os.Stdin.Read(make([]byte, 1))
	fmt.Println(len(kept))
}
