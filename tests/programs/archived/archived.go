// Archived is Go code in a C program, main.c: it keeps entries in a map, and goroutines that wait.
package main

import "C"

import (
	"runtime"
	"strconv"
)

type Entry struct{ contents []byte }

var (
	kept  = map[string]*Entry{}
	never = make(chan int)
)

//export Keep
func Keep(count, size, waiting C.int) {
	for i := 0; i < int(count); i++ {
		kept[strconv.Itoa(i)] = &Entry{make([]byte, int(size))}
	}
	for i := 0; i < int(waiting); i++ {
		go wait()
	}
	runtime.GC()
}

func wait() { <-never }

func main() {}
