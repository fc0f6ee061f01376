// Interfaces that need no boxes, or are needed: rows of a table with columns of different types, pointers, small
// integers, and shapes with methods.
package main

import (
	"fmt"

	"leaks/rounds"
)

type shape interface {
	area() float64
}

type square struct {
	side float64
}

func (s square) area() float64 { return s.side * s.side }

type row struct {
	name string
}

var (
	table   [][]interface{}
	rows    []interface{}
	answers []interface{}
	shapes  []shape
)

func main() {
	rounds.Run(func() {
		for i := 0; i < 20000; i++ {
			table = append(table, []interface{}{i, fmt.Sprint("row ", i), float64(i) / 3})
			rows = append(rows, &row{fmt.Sprint("row ", i)})
			answers = append(answers, byte(i))
			shapes = append(shapes, square{float64(i)})
		}
	})
}
