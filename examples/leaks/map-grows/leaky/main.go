// silt: map-grows between two snapshots, main.sessions
//
// Every visitor gets a session. Nobody takes it away again: visitors leave without a word.
package main

import (
	"fmt"
	"sync"
	"time"

	"leaks/rounds"
)

type session struct {
	user     string
	lastSeen time.Time
	cart     []string
	profile  []byte
}

var (
	mu       sync.Mutex
	sessions = map[string]*session{}
	visitors int
)

func visit() {
	visitors++
	token := fmt.Sprintf("token-%08d", visitors)
	mu.Lock()
	defer mu.Unlock()
	sessions[token] = &session{
		user:     fmt.Sprintf("user-%d", visitors),
		lastSeen: time.Now(),
		cart:     make([]string, 0, 8),
		profile:  make([]byte, 2<<10),
	}
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 400; i++ {
			visit()
		}
	})
}
