// A cache of pages that has a bound. It takes in a new page for every request, and lets go of the one that was not
// asked for longest.
package main

import (
	"container/list"
	"fmt"
	"sync"

	"leaks/rounds"
)

const bound = 500

type page struct {
	path string
	body []byte
}

type cache struct {
	mu     sync.Mutex
	pages  map[string]*list.Element
	recent *list.List
}

var pages = cache{pages: map[string]*list.Element{}, recent: list.New()}

func (c *cache) get(path string) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.pages[path]; ok {
		c.recent.MoveToFront(element)
		return element.Value.(*page)
	}
	rendered := &page{path: path, body: make([]byte, 2<<10)}
	c.pages[path] = c.recent.PushFront(rendered)
	if c.recent.Len() > bound {
		oldest := c.recent.Remove(c.recent.Back()).(*page)
		delete(c.pages, oldest.path)
	}
	return rendered
}

func main() {
	requests := 0
	rounds.Run(func() {
		for i := 0; i < 480; i++ {
			requests++
			pages.get(fmt.Sprintf("/page/%d", requests))
		}
	})
}
