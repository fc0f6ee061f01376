// Just as many contexts with the same root, but their jobs are at work. And a chain as deep as middleware makes it.
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
	if j.ctx.Value(key{}) == nil {
		j.cancel()
		return
	}
	d.done++
}

// serve works on a job until it is aborted.
func (d *dispatcher) serve(j *job) {
	defer j.cancel()
	<-j.ctx.Done()
}

// A request goes through as many layers as there are, each with a value of its own.
func handle(ctx context.Context, layers int) {
	if layers > 0 {
		handle(context.WithValue(ctx, layers, make([]byte, 4<<10)), layers-1)
		return
	}
	<-ctx.Done()
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 200; i++ {
			go jobs.serve(jobs.start(make([]byte, 8<<10)))
		}
		go handle(jobs.root, 30)
	})
}
