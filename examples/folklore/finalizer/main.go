// Claim: a finalizer is a cleanup.
//
// What the object with a finalizer refers to is kept until the finalizer has run; when that leads back to the object,
// it never runs, and nothing of it is ever freed. The same cycle without a finalizer is no trouble. Since Go 1.24
// there is runtime.AddCleanup, which does not keep the object.
package main

import (
	"runtime"

	"folklore/step"
)

type withFinalizer struct {
	peer *withFinalizer
	data [1000]byte
}

type without struct {
	peer *without
	data [1000]byte
}

func main() {
	for i := 0; i < 100; i++ {
		a, b := &withFinalizer{}, &withFinalizer{}
		a.peer, b.peer = b, a
		runtime.SetFinalizer(a, func(*withFinalizer) {})

		c, d := &without{}, &without{}
		c.peer, d.peer = d, c

		addCleanup()
	}
	step.Run()
}
