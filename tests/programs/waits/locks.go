package main

import (
	"io"
	"net"
	"sync"
	"time"
)

const inLine = 12

type account struct {
	mu    sync.Mutex
	total int
	next  *account // with a pointer in it, it is no block of the tiny allocator
}

var (
	accounts     = []*account{{}, {}}
	firstMu      sync.Mutex
	secondMu     sync.Mutex
	onceA, onceB sync.Once
	table        = struct {
		sync.RWMutex
		rows map[string]int
	}{rows: map[string]int{}}
	remote     = &account{}
	slow       = &account{}
	busy       = &account{}
	registryMu sync.Mutex
	connection net.Conn
	listening  net.Listener
)

//go:noinline
func transfer(from, to *account) {
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(settle / 4)
	to.mu.Lock()
	defer to.mu.Unlock()
	from.total, to.total = from.total-1, to.total+1
}

//go:noinline
func lockFirst() {
	firstMu.Lock()
	time.Sleep(settle / 4)
	secondMu.Lock()
	secondMu.Unlock()
	firstMu.Unlock()
}

//go:noinline
func lockSecond() {
	secondMu.Lock()
	time.Sleep(settle / 4)
	firstMu.Lock()
	firstMu.Unlock()
	secondMu.Unlock()
}

//go:noinline
func lookUp() int {
	table.RLock()
	defer table.RUnlock()
	return table.rows["a"]
}

//go:noinline
func fill() {
	table.Lock()
	defer table.Unlock()
	table.rows["a"] = lookUp()
}

//go:noinline
func fetch(a *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	io.ReadFull(connection, make([]byte, 8))
}

func setUpA() { time.Sleep(settle / 4); onceB.Do(setUpB) }
func setUpB() { time.Sleep(settle / 4); onceA.Do(setUpA) }

func init() {
	likely["accounts"] = caseOf{"deadlock", func(g *goids) {
		g.goes(func() { transfer(accounts[0], accounts[1]) })
		g.goes(func() { transfer(accounts[1], accounts[0]) })
	}}
	likely["variables"] = caseOf{"deadlock", func(g *goids) {
		g.goes(lockFirst)
		g.goes(lockSecond)
	}}
	likely["twice"] = caseOf{"deadlock", func(g *goids) { g.goes(fill) }}
	likely["once"] = caseOf{"deadlock", func(g *goids) {
		g.goes(func() { onceA.Do(setUpA) })
		g.goes(func() { onceB.Do(setUpB) })
	}}
	likely["network"] = caseOf{"convoy", func(g *goids) {
		var err error
		if listening, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			panic(err)
		}
		if connection, err = net.Dial("tcp", listening.Addr().String()); err != nil {
			panic(err)
		}
		for i := 0; i <= inLine; i++ {
			g.goes(func() { fetch(remote) })
		}
	}}
	likely["sleeper"] = caseOf{"convoy", func(g *goids) {
		for i := 0; i <= inLine; i++ {
			g.goes(func() {
				registryMu.Lock()
				defer registryMu.Unlock()
				time.Sleep(longDelay)
			})
		}
	}}
	// Who has it runs.
	fine["busy-lock"] = func(g *goids) {
		for i := 0; i <= inLine; i++ {
			g.goes(func() {
				for {
					busy.mu.Lock()
					for began := time.Now(); time.Since(began) < time.Millisecond; {
						busy.total++
					}
					busy.mu.Unlock()
				}
			})
		}
	}
	// A few wait for a moment.
	fine["short-line"] = func(g *goids) {
		for i := 0; i < 3; i++ {
			g.goes(func() {
				for {
					slow.mu.Lock()
					time.Sleep(settle / 100)
					slow.mu.Unlock()
				}
			})
		}
	}
	// They take both in the same order, from one who has them for a moment.
	fine["same-order"] = func(g *goids) {
		a, b := &account{}, &account{}
		for i := 0; i < 4; i++ {
			g.goes(func() {
				for {
					func() {
						a.mu.Lock()
						defer a.mu.Unlock()
						b.mu.Lock()
						defer b.mu.Unlock()
						time.Sleep(settle / 100)
					}()
				}
			})
		}
	}
}
