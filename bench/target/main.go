// Target is the program that silt is measured on: a service with many sessions in memory.
//
//	target [-gaps] [-threads N] SESSIONS
//
// 43000 sessions are about 100 MB, 440000 about 1 GB in 21 million objects. On stdout it says how far it
// is, "filled PERCENT", and at the end one line "READY KEY=VALUE..." with runtime.MemStats after a
// collection. Then it stays as it is. With -gaps it answers each line that it reads with how long it stood
// still since the last answer (gaps.go). With -threads it has so many threads more, which wait in the kernel.
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	workers   = 200
	seed      = 42 // the same data each time
	settling  = 200 * time.Millisecond
	steps     = 10 // of the filling, that are told
	peerEvery = 7
	bodyEvery = 10
)

func fill(count int) {
	r := rand.New(rand.NewSource(seed))
	var peer *Session
	for i := 0; i < count; i++ {
		session := newSession(r, i)
		session.peer = peer
		if i%peerEvery == 0 {
			peer = session
		}
		keep(session)
		if i%bodyEvery == 0 {
			keepBody(r, session)
		}
		if steps*(i+1)/count > steps*i/count {
			fmt.Printf("filled %d\n", 100*(i+1)/count)
		}
	}
}

func startWorkers() {
	for i := 0; i < workers; i++ {
		requests := make(chan *Request, 4)
		if i%2 == 0 {
			queues = append(queues, requests)
		}
		go worker(i, requests)
	}
}

// A thread of its own that waits for what never comes.
func block() {
	var ends [2]int
	runtime.LockOSThread()
	if err := syscall.Pipe(ends[:]); err != nil {
		panic(err)
	}
	syscall.Read(ends[0], make([]byte, 1))
}

func sayReady(count int) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	fmt.Printf("READY pid=%d sessions=%d go=%s HeapAlloc=%d HeapObjects=%d goroutines=%d\n", os.Getpid(),
		count, runtime.Version(), stats.HeapAlloc, stats.HeapObjects, runtime.NumGoroutine())
}

func main() {
	gaps := flag.Bool("gaps", false, "tell how long the program stood still")
	threads := flag.Int("threads", 0, "so many threads more wait in the kernel")
	flag.Parse()
	count, _ := strconv.Atoi(flag.Arg(0))
	if flag.NArg() != 1 || count <= 0 {
		fmt.Fprintln(os.Stderr, "usage: target [-gaps] [-threads N] SESSIONS")
		os.Exit(2)
	}
	fill(count)
	startWorkers()
	for i := 0; i < *threads; i++ {
		go block()
	}
	time.Sleep(settling)
	sayReady(count)
	if *gaps {
		answerGaps()
	}
	for {
		time.Sleep(time.Hour) // with select {} the runtime would call it a deadlock
	}
}
