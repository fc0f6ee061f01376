//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

func init() {
	healthy["weak-pointer"] = func(c *healthyCase) {
		owner := &box{c: make(chan *int)}
		found := weak.Make(owner)
		c.goes(func() { <-owner.c; runtime.KeepAlive(owner) })
		c.goes(func() { c.sleeps(); close(found.Value().c) })
	}
	healthy["cleanup"] = func(c *healthyCase) {
		stop := make(chan struct{})
		owner := &box{c: make(chan *int)}
		runtime.AddCleanup(owner, func(stop chan struct{}) { close(stop) }, stop)
		c.goes(func() { <-stop })
		c.goes(func() { c.sleeps(); runtime.KeepAlive(owner); runtime.GC() })
	}
	leaks["weak-pointer-dropped"] = func(g *goids) {
		owner := &box{c: make(chan *int)}
		weak.Make(owner)
		leak(g, func() { <-owner.c; runtime.KeepAlive(owner) })
	}
}
