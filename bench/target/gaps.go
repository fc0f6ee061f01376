package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	tickEvery      = time.Millisecond
	gapFrom        = int64(tickEvery + tickEvery/4) // what a tick usually takes is no gap
	clockMonotonic = 1
)

// A gap is a time between two ticks in which there should have been more of them.
type gap struct {
	start, end int64 // nanoseconds of CLOCK_MONOTONIC
}

type gaps struct {
	mutex sync.Mutex
	list  []gap
}

func monotonic() int64 {
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func (g *gaps) tick() {
	for last := monotonic(); ; {
		time.Sleep(tickEvery)
		now := monotonic()
		if now-last > gapFrom {
			g.mutex.Lock()
			g.list = append(g.list, gap{last, now})
			g.mutex.Unlock()
		}
		last = now
	}
}

func (g *gaps) take() []gap {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	taken := g.list
	g.list = nil
	return taken
}

// answerGaps answers each line of stdin with a line "gaps START:END ...".
func answerGaps() {
	seen := new(gaps)
	go seen.tick()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Print("gaps")
		for _, one := range seen.take() {
			fmt.Printf(" %d:%d", one.start, one.end)
		}
		fmt.Println()
	}
}
