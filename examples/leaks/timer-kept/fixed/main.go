// A payment keeps its timer and stops it when it is done.
package main

import (
	"sync"
	"time"

	"leaks/rounds"
)

type order struct {
	id       int
	document []byte
	timer    *time.Timer
}

type payments struct {
	mu   sync.Mutex
	open map[int]*order
}

func (p *payments) start(o *order) {
	p.mu.Lock()
	p.open[o.id] = o
	o.timer = time.AfterFunc(time.Hour, func() { p.giveUp(o) })
	p.mu.Unlock()
}

func (p *payments) giveUp(o *order) {
	p.done(o)
}

func (p *payments) done(o *order) {
	p.mu.Lock()
	o.timer.Stop()
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
