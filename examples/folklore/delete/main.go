// Claim: deleting a key frees its memory.
//
// The key and the value go. The slot stays, and with it the tables, which are as large as they were at the peak.
package main

import (
	"fmt"

	"folklore/step"
)

type session struct {
	user string
	data [100]byte
}

var sessions = map[string]*session{}

func main() {
	for i := 0; i < 50000; i++ {
		name := fmt.Sprint("user-", i)
		sessions[name] = &session{user: name}
	}
	step.Run(func() {
		for i := 100; i < 50000; i++ {
			delete(sessions, fmt.Sprint("user-", i))
		}
	})
}
