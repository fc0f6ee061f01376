package main

import (
	"context"
	"runtime"
	"sync"
	"time"
)

const (
	orphans   = 12
	longDelay = time.Hour
)

type watcher struct {
	stop chan struct{}
	name [64]byte
}

var (
	watchers  = map[int]*watcher{}
	sessions  = map[int]*session{}
	cancels   = map[string]context.CancelFunc{}
	jobs      = map[int]chan int{}
	stoppers  []chan struct{}
	rootCtx   context.Context
	endOfRoot context.CancelFunc
	caches    []*cache
)

//go:noinline
func (w *watcher) run(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.name[0]++
		case <-w.stop:
			return
		}
	}
}

type session struct {
	name [64]byte
	stop chan struct{}
}

//go:noinline
func (s *session) refresh(every time.Duration) {
	for {
		select {
		case <-time.After(every):
			s.name[0]++
		case <-s.stop:
			return
		}
	}
}

//go:noinline
func poll(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}

//go:noinline
func serve(work chan int, stop chan struct{}) {
	for {
		select {
		case <-work:
		case <-stop:
			return
		}
	}
}

// The owner deletes the entry and does not close the channel.
func init() {
	likely["entry-deleted"] = caseOf{"orphan", func(g *goids) {
		for i := 0; i < orphans+4; i++ {
			w := &watcher{stop: make(chan struct{})}
			watchers[i] = w
			g2 := g
			if i >= orphans {
				g2 = &goids{} // these stay in the map
			}
			g2.goes(func() { w.run(longDelay) })
		}
		time.Sleep(settle / 4)
		for i := 0; i < orphans; i++ {
			delete(watchers, i)
		}
	}}
	likely["cancel-dropped"] = caseOf{"orphan", func(g *goids) {
		for i := 0; i < orphans; i++ {
			ctx, cancel := context.WithCancel(context.Background())
			_ = cancel
			g.goes(func() { poll(ctx, longDelay) })
		}
	}}
	// All of them are gone, so that nobody is left to compare with.
	likely["all-deleted"] = caseOf{"orphan", func(g *goids) {
		for i := 0; i < orphans; i++ {
			s := &session{stop: make(chan struct{})}
			sessions[i] = s
			g.goes(func() { s.refresh(longDelay) })
		}
		time.Sleep(settle / 4)
		for i := 0; i < orphans; i++ {
			delete(sessions, i)
		}
	}}
	likely["served-but-deleted"] = caseOf{"orphan", func(g *goids) {
		stops := map[int]chan struct{}{}
		for i := 0; i < orphans+4; i++ {
			work, stop := make(chan int), make(chan struct{})
			jobs[i] = work
			stops[i] = stop
			g2 := g
			if i >= orphans {
				g2 = &goids{}
			}
			g2.goes(func() { serve(work, stop) })
		}
		stopOf = stops
		for i := 0; i < orphans; i++ {
			delete(stops, i)
		}
	}}
}

var stopOf map[int]chan struct{}

// What can still be stopped, or is meant to run for ever.
func init() {
	fine["in-the-map"] = func(g *goids) {
		for i := 0; i < orphans; i++ {
			stop := make(chan struct{})
			stoppers = append(stoppers, stop)
			g.goes(func() {
				for {
					select {
					case <-time.After(longDelay):
					case <-stop:
						return
					}
				}
			})
		}
	}
	fine["parent-context"] = func(g *goids) {
		rootCtx, endOfRoot = context.WithCancel(context.Background())
		for i := 0; i < orphans; i++ {
			ctx, cancel := context.WithCancel(rootCtx)
			g.goes(func() {
				defer cancel()
				poll(ctx, longDelay+1)
			})
		}
	}
	fine["ends-by-itself"] = func(g *goids) {
		for i := 0; i < orphans; i++ {
			g.goes(func() {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				poll(ctx, longDelay+2)
			})
		}
	}
	fine["one-for-all"] = func(g *goids) {
		never := make(chan struct{})
		for i := 0; i < orphans; i++ {
			g.goes(func() {
				for {
					select {
					case <-time.After(longDelay):
					case <-never:
						return
					}
				}
			})
		}
	}
	fine["one-loop"] = func(g *goids) {
		stop := make(chan struct{})
		g.goes(func() {
			for {
				select {
				case <-time.After(longDelay):
				case <-stop:
					return
				}
			}
		})
	}
	fine["shards"] = func(g *goids) {
		for i := 0; i < orphans; i++ {
			work, quit := make(chan int), make(chan struct{})
			shards = append(shards, work)
			g.goes(func() {
				for {
					select {
					case <-work:
					case <-quit:
						return
					}
				}
			})
		}
	}
	fine["manager"] = func(g *goids) {
		stops := []chan struct{}{}
		for i := 0; i < orphans; i++ {
			stop := make(chan struct{})
			stops = append(stops, stop)
			g.goes(func() {
				for {
					select {
					case <-time.After(longDelay):
					case <-stop:
						return
					}
				}
			})
		}
		own := make(chan struct{})
		g.goes(func() {
			for {
				select {
				case <-time.After(longDelay):
				case <-own:
					for _, stop := range stops {
						close(stop)
					}
					return
				}
			}
		})
	}
	fine["finalizer-stops"] = func(g *goids) {
		for i := 0; i < orphans; i++ {
			j := &janitor{stop: make(chan struct{})}
			c := &cache{j}
			caches = append(caches, c)
			runtime.SetFinalizer(c, func(c *cache) { close(c.janitor.stop) })
			g.goes(j.run)
		}
	}
}

var shards []chan int

type janitor struct{ stop chan struct{} }

type cache struct{ janitor *janitor }

//go:noinline
func (j *janitor) run() {
	ticker := time.NewTicker(longDelay)
	for {
		select {
		case <-ticker.C:
		case <-j.stop:
			ticker.Stop()
			return
		}
	}
}

var alive sync.Mutex

// keepAlive uses what must be reachable until the end.
func keepAlive() {
	alive.Lock()
	runtime.KeepAlive(caches)
	endOfRoot()
}
