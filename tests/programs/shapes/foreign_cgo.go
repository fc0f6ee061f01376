//go:build withcgo

package main

/*
#include <stdlib.h>
void wait_in_c(void *held);
void call_go(void);
void call_go_from_thread(void);
*/
import "C"

import (
	"runtime"
	"unsafe"
)

var cMemory unsafe.Pointer

//export heldInCallback
func heldInCallback() {
	held := tree(1, 6)
	ready.Done()
	<-never
	runtime.KeepAlive(held)
}

// foreign has what only C brings: its memory, a thread that blocks in it, and Go that it has called, on a
// goroutine's thread and on one of its own.
func foreign() {
	cMemory = C.malloc(100000)
	start2(func() {
		held := tree(1, 7)
		C.wait_in_c(cMemory)
		runtime.KeepAlive(held)
	})
	start(func() { C.call_go() })
	ready.Add(1)
	C.call_go_from_thread()
}
