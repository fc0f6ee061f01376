// silt: map-slack, main.sessions
//
// Sessions are kept until they expire. After a storm of logins nearly all of them expire, but the map stays as
// large as it was at the peak.
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
}

var sessions = store{byToken: map[string]*session{}}

func (s *store) login(user string, expires int) {
	s.byToken["token-"+user] = &session{user, expires}
}

func (s *store) expire(now int) {
	for token, session := range s.byToken {
		if session.expires <= now {
			delete(s.byToken, token)
		}
	}
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
