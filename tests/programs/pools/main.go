// A program with pools of several sorts, which says how many values of which size it has put into them.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

type server struct {
	name    string
	buffers sync.Pool
}

var (
	variable sync.Pool
	uniform  sync.Pool
	varied   sync.Pool
	one      *server
)

const (
	small = 1 << 10
	large = 256 << 10
)

func fill(pool *sync.Pool, name string, smalls, larges int) {
	for i := 0; i < smalls; i++ {
		buffer := make([]byte, small)
		pool.Put(&buffer)
	}
	for i := 0; i < larges; i++ {
		pool.Put(make([]byte, large))
	}
	fmt.Printf("fact put %s small=%d large=%d\n", name, smalls, larges)
}

func main() {
	debug.SetGCPercent(-1)
	one = &server{name: "one"}
	fill(&variable, "variable-victim", 300, 5)
	runtime.GC()
	fill(&variable, "variable-local", 40, 3)
	fill(&one.buffers, "field", 100, 10)
	fill(&uniform, "uniform", 0, 20)
	fill(&varied, "varied", 5, 7)
	fmt.Println("READY")
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(one)
}
