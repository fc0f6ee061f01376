// statics keeps memory by values that the linker has laid down: what package variables point to, and what that
// points to. It says how many bytes of slots hang on each, and waits.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

const (
	entries   = 1000
	entrySize = 112 // a size class
)

type entry [entrySize]byte

type list struct {
	name    string
	entries []*entry
}

type bus struct {
	name  string
	index list
	inner *list
}

var (
	mainBus  = &bus{name: "main", inner: &list{name: "inner"}}
	handlers = []*list{{name: "first"}, {name: "second"}}
	plain    []*entry
)

func fill(to *list) {
	for i := 0; i < entries; i++ {
		to.entries = append(to.entries, new(entry))
	}
}

func main() {
	fill(&mainBus.index)
	fill(mainBus.inner)
	fill(handlers[1])
	plain = append(plain, new(entry))
	runtime.GC()
	for _, holder := range []string{"main.mainBus", "main.mainBus.inner", "main.handlers"} {
		fmt.Printf("fact holder %s bytes=%d\n", holder, entries*entrySize)
	}
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(mainBus)
}
