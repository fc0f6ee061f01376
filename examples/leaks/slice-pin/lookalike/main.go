// Small parts of large arrays that are in use: pages that are kept on purpose with their titles, a ring that is
// nearly empty, buffers that are being filled.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"leaks/rounds"
)

type page struct {
	text  string
	title string
}

type ring struct {
	slots      []*page
	head, used int
}

type connection struct {
	reader  *bufio.Reader
	answer  bytes.Buffer
	pending []byte
}

var (
	pages       []*page
	recent      = ring{slots: make([]*page, 64<<10)}
	connections []*connection
)

func fetch(number int) *page {
	text := fmt.Sprintf("<title>Page %d</title>", number) + strings.Repeat("<p>text</p>", 3000)
	begin := strings.Index(text, "<title>") + len("<title>")
	return &page{text, text[begin:strings.Index(text, "</title>")]}
}

func (r *ring) put(p *page) {
	r.slots[(r.head+r.used)%len(r.slots)] = p
	r.used++
}

func connect() *connection {
	c := &connection{reader: bufio.NewReaderSize(strings.NewReader("GET /"), 16<<10)}
	c.pending = append(make([]byte, 0, 8<<10), "HTTP/1.1 200 OK"...)
	c.reader.Peek(1)
	c.answer.Grow(8 << 10)
	c.answer.WriteString("ok")
	return c
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 50; i++ {
			p := fetch(i)
			pages = append(pages, p)
			recent.put(p)
		}
		for i := 0; i < 100; i++ {
			connections = append(connections, connect())
		}
	})
}
