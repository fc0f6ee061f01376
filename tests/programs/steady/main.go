// Steady holds a heap of as many megabytes as it is told, prints READY, and answers every line that it reads
// with the same line: a program that shows that it still works.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

type block struct {
	next    *block
	strings [100]string
}

var blocks *block

func grow() {
	blocks = &block{next: blocks}
	for i := range blocks.strings {
		blocks.strings[i] = strconv.Itoa(i)
	}
}

func main() {
	megabytes, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var memory runtime.MemStats
	for runtime.ReadMemStats(&memory); memory.HeapAlloc < uint64(megabytes)<<20; runtime.ReadMemStats(&memory) {
		for i := 0; i < 200; i++ {
			grow()
		}
	}
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		grow()
		runtime.GC()
		fmt.Println(lines.Text())
	}
}
