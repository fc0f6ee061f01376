// Pins has maps whose values keep something large alive, and maps whose values are large because that is what they
// are for. For a line "NAME" it mends that map and prints by how many bytes the live heap, as the runtime counts it,
// became smaller.
package main

import (
	"bufio"
	"container/list"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

type record struct {
	name  string
	score [6]int
}

type request struct{ header, body string }

type session struct {
	user   string
	logins int
	ctx    context.Context
}

type cached struct {
	key     string
	session session
}

type node struct {
	name     string
	text     string
	children []*node
}

type article struct {
	title, author string
	words         int
	tree          *node
}

type contextKey string

var (
	pinElement = map[int]*record{} // one element of each batch
	allElement = map[int]*record{} // all elements of all batches
	shareArray = map[int]*record{} // one element of each, but the batches are kept as well
	batches    [][]record
	pinContext = make(map[string]session, 400) // does not grow: while it does, old buckets refer to values as well
	pinListed  = map[string]*list.Element{}
	order      = list.New()
	pinTree    = map[string]*article{}
	ownStrings = map[string]*article{} // a tree, and strings that are not parts of it
	pictures   = map[string]*node{}
)

func newBatch(i int) []record {
	batch := make([]record, 100)
	for k := range batch {
		batch[k].name = fmt.Sprint("record ", i, " ", k)
	}
	return batch
}

func newContext(i int) context.Context {
	return context.WithValue(context.Background(), contextKey("request"), &request{fmt.Sprint("id ", i), strings.Repeat(fmt.Sprint(i), 500)})
}

func newTree(i int) *node {
	root := &node{name: fmt.Sprint("title of ", i, " with text")}
	for k := 0; k < 20; k++ {
		root.children = append(root.children, &node{name: fmt.Sprint("part ", k, " of ", i), text: strings.Repeat("word ", 10+k)})
	}
	return root
}

func fill(i int) {
	name := fmt.Sprint("key ", i)
	pinElement[i] = &newBatch(i)[i%100]
	all := newBatch(i)
	for k := range all {
		allElement[100*i+k] = &all[k]
	}
	kept := newBatch(i)
	batches = append(batches, kept)
	shareArray[i] = &kept[0]
	pinContext[name] = session{user: name, ctx: newContext(i)}
	pinListed[name] = order.PushFront(&cached{name, session{user: name, ctx: newContext(i)}})
	tree := newTree(i)
	pinTree[name] = &article{tree.name, tree.children[3].name, i, tree}
	ownStrings[name] = &article{fmt.Sprint("own title ", i), fmt.Sprint("own author ", i), i, newTree(i)}
	pictures[name] = &node{name: name, text: strings.Repeat("pixel", 400)}
}

func mend(name string) {
	switch name {
	case "main.pinElement":
		for i, r := range pinElement {
			single := *r
			pinElement[i] = &single
		}
	case "main.pinContext":
		for name, s := range pinContext {
			s.ctx = nil
			pinContext[name] = s
		}
	case "main.pinListed":
		for _, element := range pinListed {
			element.Value.(*cached).session.ctx = nil
		}
	case "main.pinTree":
		for _, a := range pinTree {
			a.title, a.author, a.tree = strings.Clone(a.title), strings.Clone(a.author), nil
		}
	}
}

func live() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func main() {
	for i := 0; i < 200; i++ {
		fill(i)
	}
	live()
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		before := live()
		mend(lines.Text())
		fmt.Println(int64(before) - int64(live()))
	}
	runtime.KeepAlive([]interface{}{allElement, shareArray, batches, ownStrings, pictures})
}
