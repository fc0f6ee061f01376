// The histogram holds numbers.
package main

import (
	"time"

	"leaks/rounds"
)

type histogram struct {
	samples []float64
}

func (h *histogram) observe(value float64) {
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
