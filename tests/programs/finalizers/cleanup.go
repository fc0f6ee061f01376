//go:build go1.24

package main

import "runtime"

var cleanupNames = []string{"cleanup-cycle", "cleanup"}

//go:noinline
func cleanups() {
	o := &observed{node{data: data()}}
	runtime.AddCleanup(o, func(n *node) { finalized("cleanup-cycle") }, &node{next: &o.node})
	p := &observed{node{data: data()}}
	runtime.AddCleanup(p, func(name string) { finalized(name) }, "cleanup")
}
