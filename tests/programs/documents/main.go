// Documents decodes the lines of a file of JSON into maps, or, when it is built with another document type, into
// that; prints by how much the live heap grew; and encodes a document again for each line of its standard input
// that has its number.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

var documents []*document

func live() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func load(path string) {
	file, err := os.Open(path)
	check(err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		document := new(document)
		check(decoder.Decode(document))
		documents = append(documents, document)
	}
	check(lines.Err())
}

func main() {
	before := live()
	load(os.Args[1])
	fmt.Printf("fact heap documents bytes=%d\n", live()-before)
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		number, err := strconv.Atoi(lines.Text())
		check(err)
		encoded, err := json.Marshal(documents[number])
		check(err)
		fmt.Println(string(encoded))
	}
}
