// Each browser is stored once.
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

var (
	visits []*visit
	agents = map[string]string{}
)

// intern returns the first of all strings that are equal.
func intern(agent string) string {
	known, ok := agents[agent]
	if !ok {
		known = strings.Clone(agent)
		agents[known] = known
	}
	return known
}

func line(number int) string {
	return fmt.Sprintf("/products/%d\tMozilla/5.0 (X11; Linux x86_64; rv:%d.0) Firefox", number, 100+number%7)
}

func parse(number int, line string) *visit {
	fields := strings.Split(line, "\t")
	return &visit{number, strings.Clone(fields[0]), intern(fields[1])}
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 20000; i++ {
			visits = append(visits, parse(i, line(i)))
		}
	})
}
