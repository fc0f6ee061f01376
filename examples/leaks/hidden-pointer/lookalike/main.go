// Integers that are no addresses (hashes, handles), and addresses of objects that are there as long as their entries.
package main

import (
	"fmt"
	"hash/fnv"
	"unsafe"

	"leaks/rounds"
)

type node struct {
	name string
	next *node
}

var (
	list     *node
	position = map[uintptr]*node{}
	byHash   = map[uintptr]*node{}
	byHandle = map[uintptr]*node{}
)

func main() {
	rounds.Run(func() {
		for i := 0; i < 2000; i++ {
			list = &node{fmt.Sprint("node ", i), list}
			hash := fnv.New64a()
			hash.Write([]byte(list.name))
			position[uintptr(unsafe.Pointer(list))] = list
			byHash[uintptr(hash.Sum64())] = list
			byHandle[uintptr(i)] = list
		}
	})
}
