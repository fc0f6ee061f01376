// Waits holds goroutines of which it cannot be proved that they never wake, but that will not, and goroutines
// that look like them and are healthy.
//
// It starts every case, says on stdout which goroutines belong to which ("fact likely NAME kind=orphan
// goids=1,2", "fact fine NAME goids=3"), prints READY and waits for the end of stdin.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const settle = 300 * time.Millisecond

// A caseOf starts goroutines by goes. kind is that of the finding it makes.
type caseOf struct {
	kind  string
	start func(g *goids)
}

var (
	likely = map[string]caseOf{}
	fine   = map[string]func(g *goids){}
)

// goids has the numbers of goroutines, and nothing that leads to what they wait for.
type goids struct {
	mu   sync.Mutex
	list []int
}

// goes starts a goroutine of the case.
func (g *goids) goes(f func()) {
	go func() {
		g.add()
		f()
	}()
}

// add notes the goroutine that calls it.
func (g *goids) add() {
	var stack [64]byte
	words := bytes.Fields(stack[:runtime.Stack(stack[:], false)])
	goid, err := strconv.Atoi(string(words[1]))
	if err != nil {
		panic(err)
	}
	g.mu.Lock()
	g.list = append(g.list, goid)
	g.mu.Unlock()
}

func (g *goids) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	sort.Ints(g.list)
	texts := []string{}
	for _, goid := range g.list {
		texts = append(texts, strconv.Itoa(goid))
	}
	return strings.Join(texts, ",")
}

func names[F any](cases map[string]F) []string {
	list := []string{}
	for name := range cases {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// start has a stack of its own, which is gone when the goroutines are looked at.
func start() {
	done := make(chan bool)
	go func() {
		known := map[string]*goids{}
		for _, name := range names(likely) {
			known[name] = &goids{}
			likely[name].start(known[name])
		}
		for _, name := range names(fine) {
			known[name] = &goids{}
			fine[name](known[name])
		}
		time.Sleep(settle)
		for _, name := range names(likely) {
			fmt.Printf("fact likely %s kind=%s goids=%s\n", name, likely[name].kind, known[name])
		}
		for _, name := range names(fine) {
			fmt.Printf("fact fine %s goids=%s\n", name, known[name])
		}
		done <- true
	}()
	<-done
}

func main() {
	start()
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString(0)
	keepAlive()
}
