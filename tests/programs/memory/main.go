// memory uses memory in each of the ways that a heap can be large without being live, says what its runtime counts,
// and waits.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
)

const slots, deep = 40000, 200

var (
	kept    [][]byte
	garbage []byte
)

// Survivors that lie far apart.
func scatter() {
	all := make([][]byte, slots)
	for i := range all {
		all[i] = filled(512)
	}
	for i := 0; i < slots; i += 16 {
		kept = append(kept, all[i])
	}
}

func filled(size int) []byte {
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = 1
	}
	return bytes
}

// descend makes a stack grow.
func descend(depth int) byte {
	var frame [2048]byte
	frame[depth%len(frame)] = byte(depth)
	if depth == 0 {
		return frame[0]
	}
	return descend(depth-1) + frame[depth%len(frame)]
}

func holdStacks(count int) {
	ready, forever := make(chan bool), make(chan bool)
	for i := 0; i < count; i++ {
		go func() {
			descend(deep)
			ready <- true
			<-forever
		}()
		<-ready
	}
	go func() { forever <- <-make(chan bool) }()
}

func printMetrics() {
	var samples []metrics.Sample
	for _, description := range metrics.All() {
		if strings.HasPrefix(description.Name, "/memory/classes/heap/") {
			samples = append(samples, metrics.Sample{Name: description.Name})
		}
	}
	metrics.Read(samples)
	fmt.Print("fact memory heap")
	for _, sample := range samples {
		name := strings.TrimSuffix(strings.TrimPrefix(sample.Name, "/memory/classes/heap/"), ":bytes")
		fmt.Printf(" %s=%d", name, sample.Value.Uint64())
	}
	fmt.Println()
}

func main() {
	large := filled(20 << 20)
	scatter()
	holdStacks(20)
	runtime.KeepAlive(large)
	large = nil
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	garbage = filled(4 << 20)
	garbage = filled(1 << 20)
	printMetrics()
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(kept)
}
