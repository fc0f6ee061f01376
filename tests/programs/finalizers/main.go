// A program whose finalizers run, or never do, by name. It says how many did after some collections.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

const count = 40

type node struct {
	name string
	next *node
	data []byte
}

// Each has a type of its own, by which silt groups them.
type (
	ring    struct{ node }
	capture struct{ node }
	chain   struct {
		node
		next *chain
	}
	inUse    struct{ node }
	observed struct{ node }
)

var (
	mu   sync.Mutex
	ran  = map[string]int{}
	live []*inUse
)

func finalized(name string) {
	mu.Lock()
	ran[name]++
	mu.Unlock()
}

func data() []byte { return make([]byte, 16<<10) }

//go:noinline
func rings() {
	r := &ring{node{name: "ring", data: data()}}
	other := &node{next: &r.node}
	r.next = other
	runtime.SetFinalizer(r, func(r *ring) { finalized(r.name) })
}

//go:noinline
func captures() {
	c := &capture{node{name: "capture", data: data()}}
	runtime.SetFinalizer(c, func(*capture) { finalized(c.name) })
}

// One after the other: each collection frees the first of what is left.
//
//go:noinline
func chains() {
	var last *chain
	for i := 0; i < 3; i++ {
		last = &chain{node: node{name: "chain", data: data()}, next: last}
		runtime.SetFinalizer(last, func(c *chain) { finalized(c.name) })
	}
}

//go:noinline
func inUses() {
	u := &inUse{node{name: "in-use", data: data()}}
	u.next = &u.node
	runtime.SetFinalizer(u, func(u *inUse) { finalized(u.name) })
	live = append(live, u)
}

func collect() {
	for i := 0; i < 6; i++ {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
}

func block(how string) {
	first := &node{name: "blocked"}
	switch how {
	case "forever":
		runtime.SetFinalizer(first, func(*node) { <-make(chan int) })
	case "lock":
		mu.Lock()
		runtime.SetFinalizer(first, func(*node) { finalized("blocked") })
	}
	first = nil
	collect()
	for i := 0; i < count; i++ {
		runtime.SetFinalizer(&node{data: data()}, func(*node) {})
	}
	collect()
	fmt.Printf("fact queue %s finalizers=%d\n", how, count+1)
}

func main() {
	for i := 0; i < count; i++ {
		rings()
		captures()
		chains()
		inUses()
		cleanups()
	}
	collect()
	mu.Lock()
	for _, name := range append([]string{"ring", "capture", "chain", "in-use"}, cleanupNames...) {
		fmt.Printf("fact ran %s count=%d\n", name, ran[name])
	}
	mu.Unlock()
	if len(os.Args) > 1 {
		block(os.Args[1])
	}
	fmt.Println("READY")
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(live)
}
