// silt: closure-captures, main.log
//
// What is to be written into the audit log is put together later, by a function. It needs the name and the size of an
// upload, and has captured all of it.
package main

import (
	"fmt"
	"io"

	"leaks/rounds"
)

type upload struct {
	name    string
	content []byte
}

type audit struct {
	pending []func(io.Writer)
}

func (a *audit) upload(u *upload) {
	a.pending = append(a.pending, func(w io.Writer) {
		fmt.Fprintln(w, u.name, len(u.content))
	})
}

func (a *audit) flush(w io.Writer) {
	for _, write := range a.pending {
		write(w)
	}
	a.pending = nil
}

var log audit

func main() {
	rounds.Run(func() {
		log.flush(io.Discard)
		for i := 0; i < 100; i++ {
			log.upload(&upload{fmt.Sprint("file ", i), make([]byte, 32<<10)})
		}
	})
}
