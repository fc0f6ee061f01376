// Claim: sync.Map.Delete keeps the value.
//
// The value goes at once, with every version. Up to Go 1.23 the key stays, until a key that was not there before is
// stored and loads have missed it often enough. Since 1.24 the key goes as well.
package main

import (
	"sync"

	"folklore/step"
)

type key struct{ number [8]int }

type value struct{ data [100]byte }

var sessions sync.Map

func main() {
	for i := 0; i < 5000; i++ {
		sessions.Store(&key{[8]int{i}}, &value{})
	}
	step.Run(func() {
		sessions.Range(func(key, _ interface{}) bool {
			sessions.Delete(key)
			return true
		})
	}, func() {
		for i := 0; i < 3; i++ {
			sessions.Store(i, i)
			sessions.Load(i)
			sessions.Load("not there")
		}
		sessions.Range(func(_, _ interface{}) bool { return true })
	})
}
