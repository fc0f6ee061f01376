// A job's context is cancelled on every way out.
package main

import (
	"context"

	"leaks/rounds"
)

type key struct{}

type job struct {
	ctx    context.Context
	cancel context.CancelFunc
}

type dispatcher struct {
	root context.Context
	done int
}

var jobs = newDispatcher()

func newDispatcher() *dispatcher {
	root, _ := context.WithCancel(context.Background())
	return &dispatcher{root: root}
}

func (d *dispatcher) start(document []byte) *job {
	ctx := context.WithValue(d.root, key{}, document)
	ctx, cancel := context.WithCancel(ctx)
	return &job{ctx, cancel}
}

func (d *dispatcher) run(j *job) {
	defer j.cancel()
	if j.ctx.Value(key{}) == nil {
		return
	}
	d.done++
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 200; i++ {
			jobs.run(jobs.start(make([]byte, 8<<10)))
		}
	})
}
