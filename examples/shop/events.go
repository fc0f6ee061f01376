package main

import (
	"sync"
	"time"
)

// Event tells that an order has reached a state.
type Event struct {
	Order string
	State string
	At    time.Time
}

var (
	listenersLock sync.Mutex
	listeners     []func(Event)
)

// subscribe has listener called for each event from now on.
func subscribe(listener func(Event)) {
	listenersLock.Lock()
	defer listenersLock.Unlock()
	listeners = append(listeners, listener)
}

func publish(event Event) {
	listenersLock.Lock()
	current := listeners
	listenersLock.Unlock()
	for _, listener := range current {
		listener(event)
	}
}
