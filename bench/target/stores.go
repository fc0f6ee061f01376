package main

import (
	"container/list"
	"math/rand"
	"sync"
)

type cacheEntry struct {
	body    []byte
	etag    string
	session *Session
}

// Three variables that reach the same sessions: no one of them alone keeps them alive.
var (
	sessions = map[string]*Session{}
	lru      = list.New()
	cache    sync.Map // of string to *cacheEntry
)

func keep(session *Session) {
	sessions[session.ID] = session
	session.elem = lru.PushFront(session)
}

func keepBody(r *rand.Rand, session *Session) {
	cache.Store(session.ID, &cacheEntry{body: make([]byte, 512), etag: randomText(r, 20), session: session})
}
