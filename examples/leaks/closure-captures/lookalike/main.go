// A handler that has a large table for itself, which is what it is for; and many functions that all have the same one.
package main

import (
	"fmt"

	"leaks/rounds"
)

type route struct {
	path   string
	handle func(at int) byte
}

func lookup(path string, size int) route {
	table := make([]byte, size)
	return route{path, func(at int) byte { return table[at%size] }}
}

func sharing(count int) []route {
	var routes []route
	table := make([]byte, 1<<20)
	for i := 0; i < count; i++ {
		at := i
		routes = append(routes, route{fmt.Sprint("/page/", i), func(from int) byte { return table[from+at] }})
	}
	return routes
}

var routes = append(sharing(100), lookup("/blob", 2<<20))

func main() {
	sum := 0
	rounds.Run(func() {
		for i, r := range routes {
			sum += int(r.handle(i))
		}
	})
	fmt.Println(sum)
}
