// silt: duplicate-strings, main.visits[].agent
//
// Visits are read from a log, with the visitor's browser. There are a few browsers, and each visit has a copy.
package main

import (
	"fmt"
	"strings"

	"leaks/rounds"
)

type visit struct {
	number int
	page   string
	agent  string
}

var visits []*visit

func line(number int) string {
	return fmt.Sprintf("/products/%d\tMozilla/5.0 (X11; Linux x86_64; rv:%d.0) Firefox", number, 100+number%7)
}

func parse(number int, line string) *visit {
	fields := strings.Split(line, "\t")
	return &visit{number, strings.Clone(fields[0]), strings.Clone(fields[1])}
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 20000; i++ {
			visits = append(visits, parse(i, line(i)))
		}
	})
}
