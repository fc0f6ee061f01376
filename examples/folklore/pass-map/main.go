// Claim: passing a map copies it.
//
// A map is a pointer. Who gets it writes into the same tables, and whoever keeps it keeps all of it.
package main

import "folklore/step"

var (
	original = map[int]string{1: "one"}
	kept     map[int]string
)

func fill(m map[int]string) {
	for i := 0; i < 5000; i++ {
		m[i] = "text"
	}
	kept = m
}

func main() {
	fill(original)
	step.Run(func() { original = nil })
}
