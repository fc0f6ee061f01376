//go:build go1.23

package main

import "iter"

func init() {
	healthy["iter-pull"] = func(c *healthyCase) {
		stop := make(chan struct{})
		numbers := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
			close(stop)
		}
		c.goes(func() { <-stop })
		c.goes(func() {
			next, end := iter.Pull(iter.Seq[int](numbers))
			next()
			c.sleeps()
			end()
		})
	}
}
