// Restless never stands still: goroutines hand each other values, locks and turns, often as the only ones that
// know each other, while stacks grow and shrink and collections follow one another. All of them go on for
// ever, so at no moment is there one that can never wake. It prints READY and goes on until stdin ends.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	deepest = 60
	copies  = 3
	blink   = 50 * time.Microsecond
)

var garbage [][]byte

// deep makes the stack grow, and looks at it so that it is not optimised away.
func deep(depth int) byte {
	var frame [256]byte
	if depth > 0 {
		frame[depth%len(frame)] = deep(depth - 1)
	}
	return frame[(depth*7)%len(frame)]
}

func pingPong() {
	ping, pong := make(chan *int), make(chan *int)
	go func() {
		for i := 0; ; i++ {
			ping <- new(int)
			<-pong
		}
	}()
	for i := 0; ; i++ {
		value := <-ping
		deep(i % deepest)
		pong <- value
	}
}

// The value comes straight from a field of an object that has the channel as well.
func sendFields() {
	type parcel struct {
		to    chan *int
		value *int
	}
	for {
		p := &parcel{to: make(chan *int), value: new(int)}
		go func() { p.to <- p.value }()
		deep(3)
		<-p.to
	}
}

func answers() {
	for i := 0; ; i++ {
		answer := make(chan byte)
		depth := i % deepest
		go func() { answer <- deep(depth) }()
		<-answer
	}
}

func selects() {
	left, right, stop := make(chan int), make(chan int), make(chan int)
	go func() {
		for i := 0; ; i++ {
			select {
			case left <- i:
			case right <- i:
			case <-stop:
			}
		}
	}()
	for i := 0; ; i++ {
		select {
		case <-left:
		case <-right:
			deep(i % deepest)
		}
	}
}

func closes() {
	for {
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := 0; i < 5; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				<-start
			}()
		}
		runtime.Gosched()
		close(start)
		all.Wait()
	}
}

func locks() {
	mu := new(sync.Mutex)
	for i := 0; i < 4; i++ {
		go func() {
			for {
				mu.Lock()
				runtime.Gosched()
				mu.Unlock()
			}
		}()
	}
}

func readersAndWriters() {
	lock := new(sync.RWMutex)
	for i := 0; i < 4; i++ {
		writes := i == 0
		go func() {
			for {
				if writes {
					lock.Lock()
					runtime.Gosched()
					lock.Unlock()
				} else {
					lock.RLock()
					runtime.Gosched()
					lock.RUnlock()
				}
			}
		}()
	}
}

func turns() {
	mu := new(sync.Mutex)
	cond, turn := sync.NewCond(mu), 0
	for i := 0; i < 3; i++ {
		me := i
		go func() {
			for {
				mu.Lock()
				for turn != me {
					cond.Wait()
				}
				turn = (turn + 1) % 3
				cond.Broadcast()
				mu.Unlock()
			}
		}()
	}
}

func timers() {
	for {
		stop := make(chan struct{})
		time.AfterFunc(blink, func() { close(stop) })
		<-stop
		<-time.After(blink)
		ctx, cancel := context.WithTimeout(context.Background(), blink)
		<-ctx.Done()
		cancel()
		timer := time.NewTimer(time.Hour)
		timer.Reset(blink)
		select {
		case <-timer.C:
		case <-make(chan int):
		}
	}
}

func ticks() {
	for range time.NewTicker(blink).C {
	}
}

func onces() {
	for {
		once, all := new(sync.Once), new(sync.WaitGroup)
		for i := 0; i < 3; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				once.Do(func() { time.Sleep(blink) })
			}()
		}
		all.Wait()
	}
}

func echoes() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		server, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		io.Copy(server, server)
	}()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	received := make(chan byte)
	go func() {
		var answer [1]byte
		for {
			client.Read(answer[:])
			received <- answer[0]
		}
	}()
	for {
		client.Write([]byte{1})
		<-received
	}
}

func collections() {
	for {
		garbage = append(garbage[:0], make([]byte, 1<<16))
		runtime.GC()
	}
}

func main() {
	debug.SetGCPercent(10)
	for i := 0; i < copies; i++ {
		for _, f := range []func(){pingPong, sendFields, answers, selects, closes, locks, readersAndWriters,
			turns, timers, ticks, onces} {
			go f()
		}
	}
	go echoes()
	go collections()
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
