// Connections with a finalizer in a cycle, but somebody uses them, and closes them in the end, which takes the
// finalizer off. And files that were forgotten: what they refer to waits for the next collection, and goes then.
package main

import (
	"runtime"
	"time"

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
	runtime.SetFinalizer(c, nil)
}

func dial(fd int) *conn {
	c := &conn{fd: fd}
	c.reader = &reader{conn: c, buffer: make([]byte, 16<<10)}
	runtime.SetFinalizer(c, (*conn).close)
	return c
}

type file struct {
	cache []byte
}

func (f *file) close() {
	time.Sleep(time.Microsecond)
}

func open() {
	f := &file{cache: make([]byte, 16<<10)}
	runtime.SetFinalizer(f, (*file).close)
}

func main() {
	var open100 []*conn
	rounds.Run(func() {
		for _, c := range open100 {
			c.close()
		}
		open100 = nil
		for i := 0; i < 100; i++ {
			open100 = append(open100, dial(i))
			open()
		}
	})
	runtime.KeepAlive(open100)
}
