// When few sessions are left, they move to a new map, and the large one goes.
package main

import (
	"fmt"

	"leaks/rounds"
)

type session struct {
	user    string
	expires int
}

type store struct {
	byToken map[string]*session
	peak    int // entries since the map was made
}

var sessions = store{byToken: map[string]*session{}}

func (s *store) login(user string, expires int) {
	s.byToken["token-"+user] = &session{user, expires}
	if len(s.byToken) > s.peak {
		s.peak = len(s.byToken)
	}
}

func (s *store) expire(now int) {
	for token, session := range s.byToken {
		if session.expires <= now {
			delete(s.byToken, token)
		}
	}
	if s.peak > 1000 && len(s.byToken) < s.peak/4 {
		s.rebuild()
	}
}

func (s *store) rebuild() {
	left := make(map[string]*session, len(s.byToken))
	for token, session := range s.byToken {
		left[token] = session
	}
	s.byToken, s.peak = left, len(left)
}

func main() {
	now := 0
	rounds.Run(func() {
		for i := 0; i < 60000; i++ {
			lifetime := 1
			if i%600 == 0 {
				lifetime = 1000
			}
			sessions.login(fmt.Sprint(now, "-", i), now+lifetime)
		}
		now++
		sessions.expire(now)
	})
}
