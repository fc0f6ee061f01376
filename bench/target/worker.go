package main

import "runtime"

type Request struct {
	ID   int
	Body []byte
	Sess *Session
	done chan error
}

// Of every second worker: nobody can send to the others any more.
var queues []chan *Request

//go:noinline
func worker(id int, requests chan *Request) {
	buffer := make([]byte, 4096)
	seen := map[int]*Request{}
	pending := &Request{ID: id, Body: buffer[:100], done: make(chan error)}
	seen[id] = pending
	for request := range requests {
		seen[request.ID] = request
		copy(buffer, request.Body)
		runtime.KeepAlive(pending)
	}
	runtime.KeepAlive(buffer)
}
