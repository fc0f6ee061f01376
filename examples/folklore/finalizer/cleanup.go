//go:build go1.24

package main

import "runtime"

type withCleanup struct {
	peer *withCleanup
	data [1000]byte
}

func addCleanup() {
	a, b := &withCleanup{}, &withCleanup{}
	a.peer, b.peer = b, a
	runtime.AddCleanup(a, func(int) {}, 0)
}
