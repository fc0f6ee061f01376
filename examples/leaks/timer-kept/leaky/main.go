// silt: timer-kept, main.(*payments).start.func1
//
// Every payment starts a timer that gives it up after an hour. Most payments are done within a second, but their
// timers wait on, each with the whole order in its function.
package main

import (
	"sync"
	"time"

	"leaks/rounds"
)

type order struct {
	id       int
	document []byte
}

type payments struct {
	mu   sync.Mutex
	open map[int]*order
}

func (p *payments) start(o *order) {
	p.mu.Lock()
	p.open[o.id] = o
	p.mu.Unlock()
	time.AfterFunc(time.Hour, func() { p.giveUp(o) })
}

func (p *payments) giveUp(o *order) {
	p.done(o)
}

func (p *payments) done(o *order) {
	p.mu.Lock()
	delete(p.open, o.id)
	p.mu.Unlock()
}

func main() {
	p := &payments{open: map[int]*order{}}
	rounds.Run(func() {
		for i := 0; i < 200; i++ {
			o := &order{id: i, document: make([]byte, 16<<10)}
			p.start(o)
			p.done(o)
		}
	})
}
