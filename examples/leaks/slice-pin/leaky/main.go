// silt: slice-pin, main.index.titles
//
// A crawler keeps the title of each page. The title is a part of the page's text, so the page stays as well.
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
			index.titles = append(index.titles, title(fetch(i)))
		}
	})
}
