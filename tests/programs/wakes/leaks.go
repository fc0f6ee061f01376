package main

import (
	"context"
	"reflect"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
	"unsafe"
)

type box struct {
	c    chan *int
	v    *int
	name [16]byte
}

type guarded struct {
	mu   sync.Mutex
	rw   sync.RWMutex
	wg   sync.WaitGroup
	once sync.Once
	next *guarded // with a pointer in it, it is no block of the tiny allocator
}

// Neighbours of locks in blocks of the tiny allocator, which stay.
var neighbours []*int64

func leak(g *goids, f func()) {
	go func() {
		g.add()
		f()
	}()
}

func init() {
	leaks["receive"] = func(g *goids) {
		c := make(chan int)
		leak(g, func() { <-c })
	}
	leaks["receive-pointers"] = func(g *goids) {
		c := make(chan *int)
		leak(g, func() { <-c })
	}
	leaks["send"] = func(g *goids) {
		c := make(chan int)
		leak(g, func() { c <- 1 })
	}
	leaks["send-full"] = func(g *goids) {
		c := make(chan *int, 2)
		leak(g, func() {
			for {
				c <- new(int)
			}
		})
	}
	leaks["range"] = func(g *goids) {
		c := make(chan string, 4)
		for i := 0; i < 3; i++ {
			leak(g, func() {
				for range c {
				}
			})
		}
	}
	leaks["select"] = func(g *goids) {
		a, b := make(chan int), make(chan *int, 1)
		b <- nil
		leak(g, func() {
			select {
			case <-a:
			case b <- nil:
			}
		})
	}
	leaks["select-nil"] = func(g *goids) {
		leak(g, func() {
			var a, b chan int
			select {
			case <-a:
			case b <- 1:
			}
		})
	}
	leaks["select-empty"] = func(g *goids) { leak(g, func() { select {} }) }
	leaks["nil-receive"] = func(g *goids) {
		leak(g, func() {
			var c chan int
			<-c
		})
	}
	leaks["nil-send"] = func(g *goids) {
		leak(g, func() {
			var c chan int
			c <- 1
		})
	}
}

// Locks and what is made of them.
func init() {
	leaks["mutex"] = func(g *goids) {
		x := &guarded{}
		x.mu.Lock()
		leak(g, func() { x.mu.Lock() })
	}
	leaks["mutex-many"] = func(g *goids) {
		x := &guarded{}
		x.mu.Lock()
		for i := 0; i < 20; i++ {
			leak(g, func() { x.mu.Lock() })
		}
	}
	leaks["mutex-twice"] = func(g *goids) {
		leak(g, func() {
			x := &guarded{}
			x.mu.Lock()
			x.mu.Lock()
		})
	}
	leaks["rwmutex-read"] = func(g *goids) {
		x := &guarded{}
		x.rw.Lock()
		leak(g, func() { x.rw.RLock() })
	}
	leaks["rwmutex-write"] = func(g *goids) {
		x := &guarded{}
		x.rw.RLock()
		leak(g, func() { x.rw.Lock() })
	}
	leaks["waitgroup"] = func(g *goids) {
		x := &guarded{}
		x.wg.Add(1)
		leak(g, func() { x.wg.Wait() })
	}
	leaks["cond"] = func(g *goids) {
		x := &guarded{}
		cond := sync.NewCond(&x.mu)
		for i := 0; i < 10; i++ {
			leak(g, func() {
				x.mu.Lock()
				cond.Wait()
			})
		}
	}
	leaks["once"] = func(g *goids) {
		x, c := &guarded{}, make(chan int)
		for i := 0; i < 2; i++ {
			leak(g, func() { x.once.Do(func() { <-c }) })
		}
	}
}

// What the runtime's own detector does not find.
func init() {
	leaks["send-from-field"] = func(g *goids) {
		t := &box{c: make(chan *int), v: new(int)}
		leak(g, func() { t.c <- t.v })
	}
	leaks["deferred-closure"] = func(g *goids) {
		c := make(chan int)
		leak(g, func() {
			for i := 0; i < 2; i++ {
				defer func() { close(c) }()
			}
			<-c
		})
	}
	leaks["labels"] = func(g *goids) {
		t := &box{c: make(chan *int)}
		leak(g, func() {
			var label string
			header := (*reflect.StringHeader)(unsafe.Pointer(&label))
			header.Data, header.Len = uintptr(unsafe.Pointer(&t.name[0])), len(t.name)
			pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("name", label)))
			<-t.c
		})
	}
	leaks["tiny-mutex"] = func(g *goids) {
		leak(g, func() { lockBesideNeighbour().Lock() })
	}
}

// lockBesideNeighbour gives a locked mutex that is the first of the two values in its block.
func lockBesideNeighbour() *sync.Mutex {
	for {
		mu, neighbour := new(sync.Mutex), new(int64)
		start := uintptr(unsafe.Pointer(mu))
		if start%16 == 0 && uintptr(unsafe.Pointer(neighbour)) == start+8 {
			neighbours = append(neighbours, neighbour)
			mu.Lock()
			return mu
		}
		neighbour = new(int64) // the next pair begins at the other half
		neighbours = append(neighbours, neighbour)
	}
}

// Goroutines that only each other could wake.
func init() {
	leaks["behind-another"] = func(g *goids) {
		a, b := make(chan int), make(chan int)
		leak(g, func() { <-a; close(b) })
		leak(g, func() { <-b })
	}
	leaks["each-other"] = func(g *goids) {
		a, b := make(chan int), make(chan int)
		leak(g, func() { <-a; b <- 1 })
		leak(g, func() { <-b; a <- 1 })
	}
	leaks["each-others-lock"] = func(g *goids) {
		a, b := &guarded{}, &guarded{}
		lock := func(first, second *guarded) func() {
			return func() {
				first.mu.Lock()
				time.Sleep(settle / 4)
				second.mu.Lock()
			}
		}
		leak(g, lock(a, b))
		leak(g, lock(b, a))
	}
	leaks["daisy-chain"] = func(g *goids) {
		last := make(chan int)
		for i := 0; i < 50; i++ {
			next, before := make(chan int), last
			leak(g, func() { <-next; close(before) })
			last = next
		}
	}
	leaks["pipeline-without-reader"] = func(g *goids) {
		first := make(chan int)
		leak(g, func() {
			for i := 0; ; i++ {
				first <- i
			}
		})
		stage := first
		for i := 0; i < 3; i++ {
			in, out := stage, make(chan int)
			leak(g, func() {
				for v := range in {
					out <- v
				}
			})
			stage = out
		}
	}
}

// Forgotten ways to end.
func init() {
	leaks["context-without-cancel"] = func(g *goids) {
		ctx, cancel := context.WithCancel(context.Background())
		_ = cancel
		leak(g, func() { <-ctx.Done() })
	}
	leaks["stopped-timer"] = func(g *goids) {
		timer := time.NewTimer(time.Hour)
		timer.Stop()
		leak(g, func() { <-timer.C })
	}
	leaks["answer-after-timeout"] = func(g *goids) {
		answer := make(chan *int)
		leak(g, func() {
			time.Sleep(settle / 4)
			answer <- new(int)
		})
		select {
		case <-answer:
		case <-time.After(settle / 10):
		}
	}
	leaks["collector-of-errors"] = func(g *goids) {
		var group sync.WaitGroup
		errors := make(chan error)
		for i := 0; i < 3; i++ {
			group.Add(1)
			leak(g, func() {
				defer group.Done()
				errors <- nil
			})
		}
		leak(g, func() { group.Wait(); close(errors) })
	}
}

const (
	ownBytes    = 1 << 20
	sharedBytes = 2 << 20
)

//go:noinline
func holdOwn(c chan int) {
	own := make([]byte, ownBytes)
	<-c
	runtime.KeepAlive(own)
}

//go:noinline
func holdShared(c chan int, shared []byte) {
	<-c
	runtime.KeepAlive(shared)
}

//go:noinline
func holdSharedToo(c chan int, shared []byte) {
	<-c
	runtime.KeepAlive(shared)
}

// What they cost.
func init() {
	leaks["hold-own"] = func(g *goids) {
		for i := 0; i < 3; i++ {
			leak(g, func() { holdOwn(make(chan int)) })
		}
	}
	leaks["hold-shared"] = func(g *goids) {
		shared := make([]byte, sharedBytes)
		leak(g, func() { holdShared(make(chan int), shared) })
		leak(g, func() { holdSharedToo(make(chan int), shared) })
	}
}
