package main

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	sessionCookie = "session"
	sessionLife   = 30 * time.Minute
	tokenBytes    = 16
)

// Visit is a page that a visitor has looked at.
type Visit struct {
	Path  string
	Agent string
	At    time.Time
}

// Session is what the shop remembers of a visitor between two requests.
type Session struct {
	Token   string
	Expires time.Time
	Front   []byte // the front page in the visitor's language

	lock   sync.Mutex
	visits []*Visit
}

var (
	sessionsLock sync.Mutex
	sessions     = map[string]*Session{}
)

func newSession(language string) *Session {
	token := make([]byte, tokenBytes)
	rand.Read(token)
	return &Session{
		Token:   hex.EncodeToString(token),
		Expires: time.Now().Add(sessionLife),
		Front:   renderFront(greeting(language)),
	}
}

func greeting(language string) string {
	if strings.HasPrefix(language, "de") {
		return "Willkommen!"
	}
	return "Welcome!"
}

// knownSession is the session of the request's cookie, as long as it has not expired.
func knownSession(r *http.Request) *Session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	session := sessions[cookie.Value]
	if session == nil || time.Now().After(session.Expires) {
		return nil
	}
	return session
}

// sessionOf returns the visitor's session, and starts one where there is none.
func sessionOf(w http.ResponseWriter, r *http.Request) *Session {
	sessionsLock.Lock()
	defer sessionsLock.Unlock()
	if session := knownSession(r); session != nil {
		return session
	}
	session := newSession(r.Header.Get("Accept-Language"))
	sessions[session.Token] = session
	http.SetCookie(w, &http.Cookie{
		Name:     sessionCookie,
		Value:    session.Token,
		Expires:  session.Expires,
		HttpOnly: true,
	})
	return session
}

func (s *Session) note(r *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.visits = append(s.visits, &Visit{Path: r.URL.Path, Agent: r.UserAgent(), At: time.Now()})
}
