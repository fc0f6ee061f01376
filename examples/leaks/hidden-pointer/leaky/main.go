// silt: hidden-pointer, main.notes
//
// What is known of a connection is kept by its address, "so that the map does not keep it alive". The connection
// goes, the entry stays, and the next connection at this address gets it.
package main

import (
	"fmt"
	"unsafe"

	"leaks/rounds"
)

type connection struct {
	peer   string
	buffer [200]byte
}

type note struct {
	text    string
	history [400]byte
}

var (
	notes = map[uintptr]*note{}
	last  *connection
)

func serve(c *connection) {
	last = c
	notes[uintptr(unsafe.Pointer(c))] = &note{text: "from " + c.peer}
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 2000; i++ {
			serve(&connection{peer: fmt.Sprint("10.0.0.", i)})
		}
	})
}
