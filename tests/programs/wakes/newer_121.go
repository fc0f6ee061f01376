//go:build go1.21

package main

import "context"

func init() {
	healthy["context-after-func"] = func(c *healthyCase) {
		ctx, cancel := context.WithCancel(context.Background())
		stop := make(chan struct{})
		context.AfterFunc(ctx, func() { close(stop) })
		c.goes(func() { <-stop })
		c.goes(func() { c.sleeps(); cancel() })
	}
}
