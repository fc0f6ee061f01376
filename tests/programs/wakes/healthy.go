package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What waits here is woken through package variables.
var (
	jobs     = make(chan int)
	byName   = map[string]chan *int{}
	inMap    sync.Map
	queue    = make(chan chan int, 1)
	globalMu sync.Mutex
	hooks    []func()
	children context.Context
	ready    = sync.NewCond(&sync.Mutex{})
	isReady  bool
)

func init() {
	healthy["idle-workers"] = func(c *healthyCase) {
		for i := 0; i < 3; i++ {
			c.goes(func() {
				for range jobs {
				}
			})
		}
		c.goes(func() { c.sleeps(); close(jobs) })
	}
	healthy["channel-in-map"] = func(c *healthyCase) {
		answer := make(chan *int)
		byName["answer"] = answer
		c.goes(func() { <-answer })
		c.goes(func() { c.sleeps(); byName["answer"] <- nil })
	}
	healthy["channel-in-sync-map"] = func(c *healthyCase) {
		answer := make(chan *int)
		inMap.Store("answer", answer)
		c.goes(func() { answer <- new(int) })
		c.goes(func() {
			c.sleeps()
			found, _ := inMap.Load("answer")
			<-found.(chan *int)
		})
	}
	healthy["channel-in-channel"] = func(c *healthyCase) {
		answer := make(chan int)
		queue <- answer
		c.goes(func() { <-answer })
		c.goes(func() { c.sleeps(); close(<-queue) })
	}
	healthy["closure-in-slice"] = func(c *healthyCase) {
		stop := make(chan struct{})
		hooks = append(hooks, func() { close(stop) })
		c.goes(func() { <-stop })
		c.goes(func() { c.sleeps(); hooks[0]() })
	}
	healthy["mutex-in-variable"] = func(c *healthyCase) {
		globalMu.Lock()
		c.goes(func() { globalMu.Lock(); globalMu.Unlock() })
		c.goes(func() { c.sleeps(); globalMu.Unlock() })
	}
	healthy["cond-in-variable"] = func(c *healthyCase) {
		for i := 0; i < 3; i++ {
			c.goes(func() {
				ready.L.Lock()
				for !isReady {
					ready.Wait()
				}
				ready.L.Unlock()
			})
		}
		c.goes(func() {
			c.sleeps()
			ready.L.Lock()
			isReady = true
			ready.L.Unlock()
			ready.Broadcast()
		})
	}
	healthy["context-of-parent"] = func(c *healthyCase) {
		parent, cancel := context.WithCancel(context.Background())
		children = parent
		c.goes(func() {
			ctx, stop := context.WithCancel(children)
			defer stop()
			<-ctx.Done()
		})
		c.goes(func() { c.sleeps(); cancel() })
	}
}

// Timers wake these.
func init() {
	healthy["ticker"] = func(c *healthyCase) {
		c.goes(func() {
			ticker := time.NewTicker(50 * time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
				case <-c.finish:
					return
				}
			}
		})
	}
	healthy["only-ticker"] = func(c *healthyCase) {
		c.goes(func() {
			for range time.Tick(time.Second) {
				select {
				case <-c.finish:
					return
				default:
				}
			}
		})
	}
	healthy["after"] = func(c *healthyCase) { c.goes(func() { <-time.After(time.Second) }) }
	healthy["timeout"] = func(c *healthyCase) {
		never := make(chan int)
		c.goes(func() {
			select {
			case <-never:
			case <-time.After(time.Second):
			}
		})
	}
	healthy["context-with-timeout"] = func(c *healthyCase) {
		c.goes(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			<-ctx.Done()
		})
	}
	healthy["after-func"] = func(c *healthyCase) {
		stop := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(stop) })
		c.goes(func() { <-stop })
	}
	healthy["reset-timer"] = func(c *healthyCase) {
		c.goes(func() {
			timer := time.NewTimer(time.Hour)
			timer.Stop()
			timer.Reset(time.Second)
			<-timer.C
		})
	}
	healthy["sleeper"] = func(c *healthyCase) { c.goes(c.sleeps) }
}

// Others that run or sleep wake these.
func init() {
	healthy["errgroup"] = func(c *healthyCase) {
		c.goes(func() {
			var group sync.WaitGroup
			errors := make(chan error, 3)
			for i := 0; i < 3; i++ {
				group.Add(1)
				c.goes(func() {
					defer group.Done()
					c.sleeps()
					errors <- nil
				})
			}
			group.Wait()
		})
	}
	healthy["semaphore"] = func(c *healthyCase) {
		slots := make(chan struct{}, 2)
		for i := 0; i < 6; i++ {
			c.goes(func() {
				slots <- struct{}{}
				c.sleeps()
				<-slots
			})
		}
	}
	healthy["singleflight"] = func(c *healthyCase) {
		type call struct {
			done  sync.WaitGroup
			value *int
		}
		flight := &call{}
		flight.done.Add(1)
		for i := 0; i < 4; i++ {
			c.goes(func() { flight.done.Wait(); _ = *flight.value })
		}
		c.goes(func() {
			c.sleeps()
			flight.value = new(int)
			flight.done.Done()
		})
	}
	healthy["cond"] = func(c *healthyCase) {
		var mu sync.Mutex
		cond, ready := sync.NewCond(&mu), false
		for i := 0; i < 3; i++ {
			c.goes(func() {
				mu.Lock()
				for !ready {
					cond.Wait()
				}
				mu.Unlock()
			})
		}
		c.goes(func() {
			c.sleeps()
			mu.Lock()
			ready = true
			mu.Unlock()
			cond.Broadcast()
		})
	}
	healthy["mutex"] = func(c *healthyCase) {
		x := &guarded{}
		for i := 0; i < 4; i++ {
			c.goes(func() {
				x.mu.Lock()
				c.sleeps()
				x.mu.Unlock()
			})
		}
	}
	healthy["tiny-mutex"] = func(c *healthyCase) {
		mu := new(sync.Mutex)
		for i := 0; i < 4; i++ {
			c.goes(func() {
				mu.Lock()
				c.sleeps()
				mu.Unlock()
			})
		}
	}
	healthy["tiny-struct"] = func(c *healthyCase) {
		x := &struct {
			count uint32
			mu    sync.Mutex
		}{}
		x.mu.Lock()
		c.goes(func() { x.mu.Lock() })
		c.goes(func() { c.sleeps(); x.count++; x.mu.Unlock() })
	}
	healthy["rwmutex-writer-waits"] = func(c *healthyCase) {
		x := &guarded{}
		x.rw.RLock()
		c.goes(func() { x.rw.Lock(); x.rw.Unlock() })
		time.Sleep(settle / 10)
		c.goes(func() { x.rw.RLock(); x.rw.RUnlock() })
		c.goes(func() { c.sleeps(); x.rw.RUnlock() })
	}
	healthy["once"] = func(c *healthyCase) {
		x := &guarded{}
		for i := 0; i < 3; i++ {
			c.goes(func() { x.once.Do(c.sleeps) })
		}
	}
	healthy["pipeline"] = func(c *healthyCase) {
		source := make(chan int)
		c.goes(func() {
			for i := 0; i < 3; i++ {
				source <- i
			}
			c.sleeps()
			close(source)
		})
		stage := source
		for i := 0; i < 4; i++ {
			in, out := stage, make(chan int)
			c.goes(func() {
				defer close(out)
				for v := range in {
					out <- v
				}
			})
			stage = out
		}
		last := stage
		c.goes(func() {
			for range last {
			}
		})
	}
	healthy["spinning"] = func(c *healthyCase) {
		stop, ends := make(chan struct{}), new(int32)
		c.goes(func() { <-stop })
		c.goes(func() {
			for atomic.LoadInt32(ends) == 0 {
				runtime.Gosched()
			}
			close(stop)
		})
		c.goes(func() { c.sleeps(); atomic.StoreInt32(ends, 1) })
	}
	healthy["locked-to-thread"] = func(c *healthyCase) {
		work, done := make(chan func()), make(chan bool)
		c.goes(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			(<-work)()
			done <- true
		})
		c.goes(func() { c.sleeps(); work <- func() {}; <-done })
	}
	healthy["ping-pong"] = func(c *healthyCase) {
		ping, pong := make(chan bool), make(chan bool)
		c.goes(func() {
			for range ping {
				pong <- true
			}
			close(pong)
		})
		c.goes(func() {
			for {
				select {
				case <-c.finish:
					close(ping)
					return
				default:
					time.Sleep(time.Millisecond)
					ping <- true
					<-pong
				}
			}
		})
	}
	healthy["daisy-chain"] = func(c *healthyCase) {
		last := make(chan int)
		for i := 0; i < 50; i++ {
			next, before := make(chan int), last
			c.goes(func() { <-next; close(before) })
			last = next
		}
		first := last
		c.goes(func() { c.sleeps(); close(first) })
	}
	healthy["request-with-answer"] = func(c *healthyCase) {
		type request struct{ answer chan *int }
		requests := make(chan *request, 1)
		c.goes(func() {
			r := &request{answer: make(chan *int)}
			requests <- r
			<-r.answer
		})
		c.goes(func() { c.sleeps(); (<-requests).answer <- nil })
	}
	healthy["finalizer"] = func(c *healthyCase) {
		stop := make(chan struct{})
		owner := &box{c: make(chan *int)}
		runtime.SetFinalizer(owner, func(*box) { close(stop) })
		c.goes(func() { <-stop })
		c.goes(func() { c.sleeps(); runtime.KeepAlive(owner); runtime.GC() })
	}
}
