// silt: finalizer, main.conn
//
// A connection has a finalizer, in case somebody forgets to close it, and so has its reader, which leads back to
// the connection. An object with a finalizer that can be reached from itself is never freed.
package main

import (
	"runtime"

	"leaks/rounds"
)

type reader struct {
	conn   *conn
	buffer []byte
}

type conn struct {
	fd     int
	reader *reader
}

func (c *conn) close() {
	c.fd = -1
}

func dial(fd int) *conn {
	c := &conn{fd: fd}
	c.reader = &reader{conn: c, buffer: make([]byte, 16<<10)}
	runtime.SetFinalizer(c, (*conn).close)
	return c
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 100; i++ {
			dial(i)
		}
	})
}
