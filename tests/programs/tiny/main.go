// Tiny holds little: the seed of the fuzzer that damages snapshots. It prints READY and stays as it is.
package main

import (
	"fmt"
	"sync"
	"time"
)

type Node struct {
	Name  string
	Next  *Node
	Links []*Node
	Any   any
}

var (
	nodes  = map[string]*Node{}
	byID   = map[int][]*Node{}
	shared sync.Map
	queue  = make(chan *Node, 4)
	mutex  sync.Mutex
)

func waits(node *Node) {
	defer mutex.Unlock()
	mutex.Lock()
	queue <- node
}

func main() {
	var last *Node
	for i := 0; i < 40; i++ {
		node := &Node{Name: fmt.Sprint("node ", i), Next: last, Any: i}
		node.Links = append(node.Links, last, node)
		nodes[node.Name] = node
		byID[i%7] = append(byID[i%7], node)
		shared.Store(i, node)
		last = node
	}
	mutex.Lock()
	for i := 0; i < 3; i++ {
		go waits(last)
	}
	queue <- last
	time.AfterFunc(time.Hour, func() { fmt.Println(last.Name) })
	fmt.Println("READY")
	time.Sleep(time.Hour)
}
