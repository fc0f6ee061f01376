// Claim: pprof's inuse_space shows who holds memory.
//
// It shows who allocated what is in use. Here that is one function for everything; the variable that keeps it is not
// in the profile. The program writes its heap profile to the file that is its argument.
package main

import (
	"os"
	"runtime"
	"runtime/pprof"

	"folklore/step"
)

var (
	cache  = map[int][]byte{}
	recent [][]byte
)

func newBlock() []byte {
	return make([]byte, 64<<10)
}

func main() {
	runtime.MemProfileRate = 1
	for i := 0; i < 100; i++ {
		cache[i] = newBlock()
		if i < 10 {
			recent = append(recent, newBlock())
		}
	}
	runtime.GC()
	if len(os.Args) > 1 {
		file, err := os.Create(os.Args[1])
		if err != nil {
			panic(err)
		}
		if err := pprof.Lookup("heap").WriteTo(file, 0); err != nil {
			panic(err)
		}
		file.Close()
	}
	step.Run()
}
