// What is known of a connection is in the connection.
package main

import (
	"fmt"

	"leaks/rounds"
)

type connection struct {
	peer   string
	buffer [200]byte
	note   *note
}

type note struct {
	text    string
	history [400]byte
}

var last *connection

func serve(c *connection) {
	c.note = &note{text: "from " + c.peer}
	last = c
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 2000; i++ {
			serve(&connection{peer: fmt.Sprint("10.0.0.", i)})
		}
	})
}
