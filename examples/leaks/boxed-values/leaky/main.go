// silt: boxed-values, main.latency.samples
//
// A histogram was written for values of any kind, and holds numbers. Each of them is allocated.
package main

import (
	"time"

	"leaks/rounds"
)

type histogram struct {
	samples []interface{}
}

func (h *histogram) observe(value interface{}) {
	h.samples = append(h.samples, value)
}

var latency histogram

func main() {
	began := time.Now()
	rounds.Run(func() {
		for i := 0; i < 50000; i++ {
			latency.observe(time.Since(began).Seconds())
		}
	})
}
