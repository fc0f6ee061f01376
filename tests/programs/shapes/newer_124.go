//go:build go1.24

package main

import (
	"fmt"
	"iter"
	"runtime"
	"unique"
	"weak"
)

var (
	gWeak    weak.Pointer[Node]
	weakOnly weak.Pointer[Freed]
	gUnique  unique.Handle[string]
	pinner   runtime.Pinner
	next     func() (int, bool)
)

// newer has what came after 1.23: cleanups, weak pointers, coroutines.
func newer() {
	for i := 0; i < 5; i++ {
		n := tree(1, i)
		runtime.AddCleanup(n, func(s string) { _ = s }, fmt.Sprint("argument", i))
		keep = append(keep, n)
	}
	for i := 0; i < 10; i++ { // the first one blocks, the others stay queued
		runtime.AddCleanup(tree(1, i), func(n *Node) { <-never; runtime.KeepAlive(n) }, tree(1, 2))
	}
	w := tree(1, 1)
	gWeak = weak.Make(w)
	keep = append(keep, w)
	weakOnly = weak.Make(noteFreed("weak"))
	runtime.AddCleanup(noteFreed("cleanup"), func(n *Node) { <-never; runtime.KeepAlive(n) }, note("alive", "cleanup-argument", ""))
	gUnique = unique.Make(fmt.Sprint("unique", 1))
	p := tree(1, 1)
	pinner.Pin(p)
	keep = append(keep, p)
	var stop func()
	next, stop = iter.Pull(func(yield func(int) bool) {
		held := tree(1, 5)
		for i := 0; i < 100; i++ {
			if !yield(i + len(held.Data)) {
				return
			}
		}
	})
	keep = append(keep, stop)
	next()
}
