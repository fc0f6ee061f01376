package main

import (
	"context"
	"runtime"
	"sync"
	"time"
)

const (
	rounds   = 4
	perRound = 8
)

// in calls f in several rounds, with a collection after each.
func inRounds(f func(i int)) {
	for round := 0; round < rounds; round++ {
		for i := 0; i < perRound; i++ {
			f(round*perRound + i)
		}
		time.Sleep(settle / 10)
		runtime.GC()
	}
}

type request struct {
	answer chan []byte
	body   [512]byte
}

var (
	pendingMu sync.Mutex
	pending   = map[int]*request{}
	inFlight  = map[int]*request{}
	mailboxes []chan int
	server    context.Context
	clients   = map[int]*client{}
	topics    = map[int]chan string{}
	aborts    = map[int]context.CancelFunc{}
)

type client struct {
	send chan []byte
	gone chan bool
}

//go:noinline
func (r *request) wait() []byte { return <-r.answer }

func init() {
	// Answers that never come: the entry stays in the map.
	likely["pending-in-map"] = caseOf{"goroutine-likely", func(g *goids) {
		inRounds(func(i int) {
			r := &request{answer: make(chan []byte)}
			pending[i] = r
			g.goes(func() { r.wait() })
		})
	}}
	// Nobody calls cancel; only the end of the server would.
	likely["context-children"] = caseOf{"goroutine-likely", func(g *goids) {
		var cancel context.CancelFunc
		server, cancel = context.WithCancel(context.Background())
		hold(cancel)
		inRounds(func(i int) {
			ctx, forgotten := context.WithCancel(server)
			_ = forgotten
			g.goes(func() { waitForEnd(ctx) })
		})
	}}
}

//go:noinline
func waitForEnd(ctx context.Context) { <-ctx.Done() }

//go:noinline
func waitForAbort(ctx context.Context) { <-ctx.Done() }

var held []context.CancelFunc

func hold(cancel context.CancelFunc) { held = append(held, cancel) }

func init() {
	// Workers with a mailbox each, started together.
	fine["actors"] = func(g *goids) {
		for i := 0; i < rounds*perRound; i++ {
			mailbox := make(chan int)
			mailboxes = append(mailboxes, mailbox)
			g.goes(func() {
				for range mailbox {
				}
			})
		}
		inRounds(func(i int) { mailboxes[(i*7)%len(mailboxes)] <- i })
	}
	// Clients of which each has another goroutine that has its channel.
	fine["clients"] = func(g *goids) {
		inRounds(func(i int) {
			c := &client{send: make(chan []byte), gone: make(chan bool)}
			clients[i] = c
			g.goes(func() {
				for range c.send {
				}
			})
			g.goes(func() {
				for {
					time.Sleep(settle)
					select {
					case <-c.gone:
						close(c.send)
						return
					default:
					}
				}
			})
		})
	}
	// Subscribers to what is quiet: a queue is no answer.
	fine["subscribers"] = func(g *goids) {
		inRounds(func(i int) {
			topics[i] = make(chan string, 8)
			topic := topics[i]
			g.goes(func() {
				for range topic {
				}
			})
		})
	}
	// Jobs that can be aborted: somebody keeps the function that does.
	fine["kept-cancel"] = func(g *goids) {
		inRounds(func(i int) {
			ctx, cancel := context.WithCancel(context.Background())
			aborts[i] = cancel
			g.goes(func() { waitForAbort(ctx) })
		})
	}
	// They end themselves, and their contexts.
	fine["own-cancel"] = func(g *goids) {
		inRounds(func(i int) {
			g.goes(func() {
				ctx, cancel := context.WithCancel(server2())
				defer cancel()
				<-ctx.Done()
			})
		})
	}
	fine["timeouts"] = func(g *goids) {
		inRounds(func(i int) {
			g.goes(func() {
				ctx, cancel := context.WithTimeout(context.Background(), longDelay)
				hold(cancel)
				<-ctx.Done()
			})
		})
	}
	fine["after-func"] = func(g *goids) {
		inRounds(func(i int) {
			c := make(chan int)
			time.AfterFunc(longDelay, func() { close(c) })
			g.goes(func() { <-c })
		})
	}
	// Requests under way: the old ones have been answered.
	fine["in-flight"] = func(g *goids) {
		inRounds(func(i int) {
			r := &request{answer: make(chan []byte)}
			pendingMu.Lock()
			inFlight[i] = r
			pendingMu.Unlock()
			if i < (rounds-1)*perRound {
				go func() { r.wait() }()
				if i >= perRound {
					pendingMu.Lock()
					old := inFlight[i-perRound]
					delete(inFlight, i-perRound)
					pendingMu.Unlock()
					close(old.answer)
				}
			} else {
				g.goes(func() { r.wait() })
			}
		})
	}
}

var (
	second    context.Context
	endSecond context.CancelFunc
)

func server2() context.Context {
	pendingMu.Lock()
	defer pendingMu.Unlock()
	if second == nil {
		second, endSecond = context.WithCancel(context.Background())
		hold(endSecond)
	}
	return second
}
