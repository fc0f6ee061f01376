// A program with contexts that are forgotten, in use, or deep, which says how many of each.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"
)

type key int

// A context of its own, as frameworks have them.
type request struct {
	context.Context
	body []byte
}

var (
	forgotten, stopCancel    = context.WithCancel(context.Background())
	deadlines, stopDeadlines = context.WithCancel(context.Background())
	inUse, stopInUse         = context.WithCancel(context.Background())
	few, stopFew             = context.WithCancel(context.Background())
	cancels                  []context.CancelFunc
	last                                     = context.Background()
	custom                   context.Context = &request{Context: context.Background()}
)

func fact(kind, name string, count int) {
	fmt.Printf("fact %s %s count=%d\n", kind, name, count)
}

func value(ctx context.Context) context.Context {
	return context.WithValue(ctx, key(0), make([]byte, 2<<10))
}

func children() {
	for i := 0; i < 150; i++ {
		context.WithCancel(value(forgotten))
		context.WithTimeout(value(deadlines), time.Hour)
		_, cancel := context.WithCancel(value(inUse))
		cancels = append(cancels, cancel)
		_, cancel = context.WithCancel(value(forgotten))
		cancel()
	}
	// Some of the first root's are in use, in different ways.
	for i := 0; i < 10; i++ {
		ctx, cancel := context.WithCancel(value(forgotten))
		cancels = append(cancels, cancel)
		go func() { <-ctx.Done() }()
		_, cancel = context.WithTimeout(value(forgotten), time.Hour)
		time.AfterFunc(time.Hour, cancel)
	}
	for i := 0; i < 50; i++ {
		context.WithCancel(context.WithValue(few, key(0), make([]byte, 32<<10)))
	}
	fact("children", "forgotten", 150)
	fact("children", "in-use", 10)
	fact("children", "timed", 10)
	fact("children", "deadlines", 150)
}

func chains() {
	for i := 0; i < 600; i++ {
		last = context.WithValue(last, key(i), make([]byte, 512))
	}
	for i := 0; i < 200; i++ {
		custom = value(&request{custom, make([]byte, 1<<10)})
	}
	fact("chain", "values", 600)
	fact("chain", "custom", 400) // in the heap: the outermost is in the data of the program
}

func main() {
	children()
	chains()
	runtime.GC()
	fmt.Println("READY")
	os.Stdin.Read(make([]byte, 1))
	stopCancel()
	stopDeadlines()
	stopInUse()
	stopFew()
	fmt.Println(last.Value(key(3)), len(cancels), custom.Err())
}
