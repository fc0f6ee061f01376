// The server is asked without the lock, which guards the memory alone.
package main

import (
	"io"
	"net"
	"sync"
	"time"

	"leaks/rounds"
)

type settings struct {
	mu     sync.Mutex
	values map[string]string
	server net.Conn
}

func (s *settings) get(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name]
}

func (s *settings) reload() {
	answer := make([]byte, 512)
	io.ReadFull(s.server, answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values["all"] = string(answer)
}

var current *settings

func serve(listener net.Listener) {
	connection, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	time.Sleep(time.Hour)
	connection.Close()
}

// connect gives a connection to a server that takes its time.
func connect() net.Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go serve(listener)
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	return connection
}

func main() {
	current = &settings{values: map[string]string{}, server: connect()}
	go current.reload()
	rounds.Run(func() {
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < 20; i++ {
			go current.get("color")
		}
		time.Sleep(50 * time.Millisecond)
	})
}
