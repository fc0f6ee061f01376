// Target is the program that silt is measured on: a service with many sessions in memory.
//
//	target SESSIONS
//
// 43000 sessions are about 100 MB, 440000 about 1 GB in 21 million objects. On stdout it says how far it
// is, "filled PERCENT", and at the end one line "READY KEY=VALUE..." with runtime.MemStats after a
// collection. Then it stays as it is.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strconv"
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

func sayReady(count int) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	fmt.Printf("READY pid=%d sessions=%d go=%s HeapAlloc=%d HeapObjects=%d goroutines=%d\n", os.Getpid(),
		count, runtime.Version(), stats.HeapAlloc, stats.HeapObjects, runtime.NumGoroutine())
}

func main() {
	count := 0
	if len(os.Args) == 2 {
		count, _ = strconv.Atoi(os.Args[1])
	}
	if count <= 0 {
		fmt.Fprintln(os.Stderr, "usage: target SESSIONS")
		os.Exit(2)
	}
	fill(count)
	startWorkers()
	time.Sleep(settling)
	sayReady(count)
	for {
		time.Sleep(time.Hour) // with select {} the runtime would call it a deadlock
	}
}
