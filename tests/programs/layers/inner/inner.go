// Package inner is part of the program, though its import path looks like one of the standard library.
package inner

import "io"

func Read(from io.Reader) {
	io.ReadFull(from, make([]byte, 8))
}
