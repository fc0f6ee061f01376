// The function captures the name and the size.
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
	name, size := u.name, len(u.content)
	a.pending = append(a.pending, func(w io.Writer) {
		fmt.Fprintln(w, name, size)
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
