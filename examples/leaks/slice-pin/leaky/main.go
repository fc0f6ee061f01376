// silt: slice-pin, main.index[].title
//
// A crawler keeps the title of each page. The title is a part of the page's text, so the page stays as well.
package main

import (
	"fmt"
	"strings"
	"time"

	"leaks/rounds"
)

type entry struct {
	title   string
	found   time.Time
	related []*entry
}

var index []*entry

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
			index = append(index, &entry{title: title(fetch(i)), found: time.Now()})
		}
	})
}
