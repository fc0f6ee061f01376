// parts has goroutines in whose frames the compiler keeps only a part of a variable: of a slice the pointer, since its
// length is a constant. It says how many bytes hang on them, and waits.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

const (
	goroutines = 50
	size       = 8192 // a size class
)

//go:noinline
func keep(ready, end chan bool) []byte {
	slice := make([]byte, size)
	ready <- true
	<-end
	return slice
}

func main() {
	ready, end := make(chan bool), make(chan bool)
	for i := 0; i < goroutines; i++ {
		go keep(ready, end)
		<-ready
	}
	runtime.GC()
	fmt.Printf("fact type []uint8 bytes=%d\n", goroutines*size)
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(end)
}
