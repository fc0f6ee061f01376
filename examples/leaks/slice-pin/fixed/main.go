// The title is copied: nothing refers to the page any more.
package main

import (
	"fmt"
	"strings"

	"leaks/rounds"
)

type catalog struct {
	titles []string
}

var index catalog

func fetch(number int) string {
	return fmt.Sprintf("<title>Page %d</title>", number) + strings.Repeat("<p>text</p>", 3000)
}

func title(page string) string {
	begin := strings.Index(page, "<title>") + len("<title>")
	return page[begin:strings.Index(page, "</title>")]
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 100; i++ {
			index.titles = append(index.titles, strings.Clone(title(fetch(i))))
		}
	})
}
