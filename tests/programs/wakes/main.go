// Wakes holds goroutines that can never wake and goroutines that will.
//
// It starts every case, says on stdout which goroutines belong to which ("fact leak NAME goids=1,2" and
// "fact healthy NAME goids=3"), prints READY and waits for a line on stdin. Then it lets the healthy cases
// finish, and says "finished NAME" for each of which all goroutines have ended.
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

// A healthyCase starts goroutines by c.goes, and ends them after c.finish is closed.
type healthyCase struct {
	finish chan struct{}
	ended  sync.WaitGroup
	goids  goids
}

var (
	leaks   = map[string]func(g *goids){}
	healthy = map[string]func(c *healthyCase){}
)

// goids has the numbers of goroutines, and nothing that leads to what they wait for.
type goids struct {
	mu   sync.Mutex
	list []int
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

// goes starts a goroutine that must have ended when the case is finished.
func (c *healthyCase) goes(f func()) {
	c.ended.Add(1)
	go func() {
		defer c.ended.Done()
		c.goids.add()
		f()
	}()
}

// sleeps returns once the case is to finish. It only sleeps: nothing waits for its goroutine.
func (c *healthyCase) sleeps() {
	for {
		select {
		case <-c.finish:
			return
		default:
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func names[F any](cases map[string]F) []string {
	list := []string{}
	for name := range cases {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// startLeaks has a stack of its own, which is gone when the goroutines are looked at.
func startLeaks() {
	done := make(chan bool)
	go func() {
		known := map[string]*goids{}
		for _, name := range names(leaks) {
			known[name] = &goids{}
			leaks[name](known[name])
		}
		time.Sleep(settle)
		for _, name := range names(known) {
			fmt.Printf("fact leak %s goids=%s\n", name, known[name])
		}
		done <- true
	}()
	<-done
}

func startHealthy() map[string]*healthyCase {
	started := map[string]*healthyCase{}
	for _, name := range names(healthy) {
		started[name] = &healthyCase{finish: make(chan struct{})}
		healthy[name](started[name])
	}
	time.Sleep(settle)
	for _, name := range names(started) {
		fmt.Printf("fact healthy %s goids=%s\n", name, &started[name].goids)
	}
	return started
}

func finish(started map[string]*healthyCase) {
	for _, name := range names(started) {
		close(started[name].finish)
	}
	for _, name := range names(started) {
		started[name].ended.Wait()
		fmt.Printf("finished %s\n", name)
	}
}

func main() {
	startLeaks()
	started := startHealthy()
	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')
	finish(started)
}
