// Every visitor gets a session, and whoever has not been seen for a while loses it.
package main

import (
	"fmt"
	"sync"
	"time"

	"leaks/rounds"
)

const lifetime = 20 * time.Millisecond

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

// Runs every minute in a real service.
func expire(now time.Time) {
	mu.Lock()
	defer mu.Unlock()
	for token, one := range sessions {
		if now.Sub(one.lastSeen) > lifetime {
			delete(sessions, token)
		}
	}
}

func main() {
	rounds.Run(func() {
		time.Sleep(2 * lifetime)
		expire(time.Now())
		for i := 0; i < 400; i++ {
			visit()
		}
	})
}
