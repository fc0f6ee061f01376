// Pauses says how long it stood still.
//
//	pauses PAGES THREADS
//
// It writes to PAGES pages of pointers all the time, as fast as it can, and has THREADS threads that wait in
// the kernel. When both are there it prints READY. Each line that it reads it answers with "gap NANOSECONDS",
// the longest time between two ticks of a millisecond since the last answer.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const pageWords = 4096 / 8

type page [pageWords]*int

var pages []*page

func write() {
	for value := new(int); ; {
		for _, p := range pages {
			p[0] = value
		}
	}
}

// A thread of its own that waits for what never comes.
func block(ready *sync.WaitGroup) {
	var ends [2]int
	runtime.LockOSThread()
	if err := syscall.Pipe(ends[:]); err != nil {
		panic(err)
	}
	ready.Done()
	syscall.Read(ends[0], make([]byte, 1))
}

func tick(longest *int64) {
	for last := time.Now(); ; {
		time.Sleep(time.Millisecond)
		now := time.Now()
		if gap := int64(now.Sub(last)); gap > atomic.LoadInt64(longest) {
			atomic.StoreInt64(longest, gap)
		}
		last = now
	}
}

func number(argument string) int {
	value, err := strconv.Atoi(argument)
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var ready sync.WaitGroup
	longest := new(int64)
	pages = make([]*page, number(os.Args[1]))
	for i := range pages {
		pages[i] = new(page)
	}
	threads := number(os.Args[2])
	ready.Add(threads)
	for i := 0; i < threads; i++ {
		go block(&ready)
	}
	ready.Wait()
	if len(pages) > 0 {
		go write()
	}
	go tick(longest)
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println("gap", atomic.SwapInt64(longest, 0))
	}
}
