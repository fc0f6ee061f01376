// The finalizer hangs on a small object that has only the descriptor. The connection and its reader may lead to it,
// but it does not lead back.
package main

import (
	"runtime"

	"leaks/rounds"
)

type reader struct {
	conn   *conn
	buffer []byte
}

type descriptor struct {
	fd int
}

func (d *descriptor) close() {
	d.fd = -1
}

type conn struct {
	*descriptor
	reader *reader
}

func dial(fd int) *conn {
	c := &conn{descriptor: &descriptor{fd}}
	c.reader = &reader{conn: c, buffer: make([]byte, 16<<10)}
	runtime.SetFinalizer(c.descriptor, (*descriptor).close)
	return c
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 100; i++ {
			dial(i)
		}
	})
}
