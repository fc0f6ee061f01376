package main

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Objects of which only the address is kept here, so that this does not hold them.
type address struct {
	kind, name string
	by         string // what alone holds it; "" where that is for the runtime to say
	at         uintptr
}

var (
	addresses []address
	addressMu sync.Mutex

	heldChan    = make(chan *Node, 3)
	heldClosure func() *Node
	heldIface   Shape
	heldMap     = map[string]*Node{}
	heldSlice   [][]*Node
	heldSyncMap sync.Map

	passing unsafe.Pointer // makes what is noted escape to the heap
)

// Freed is what the collector has taken back: of a size that nothing else here has, so that its slots are free.
type Freed struct {
	Next  *Node
	Words [70]int
}

func noteAt(kind, name, by string, p unsafe.Pointer) {
	addressMu.Lock()
	defer addressMu.Unlock()
	passing = p
	addresses = append(addresses, address{kind, name, by, uintptr(p)})
	passing = nil
}

//go:noinline
func note(kind, name, by string) *Node {
	n := &Node{}
	noteAt(kind, name, by, unsafe.Pointer(n))
	return n
}

//go:noinline
func noteFreed(name string) *Freed {
	f := &Freed{}
	noteAt("freed", name, "", unsafe.Pointer(f))
	return f
}

// self is the number of the goroutine that calls it, by the head of its stack dump.
func self() string {
	var head [64]byte
	words := strings.Fields(string(head[:runtime.Stack(head[:], false)]))
	return words[1]
}

//go:noinline
func heldByStack(depth int) {
	n := note("held", "stack-"+strconv.Itoa(depth), "goroutine "+self())
	if depth > 0 {
		heldByStack(depth - 1)
	} else {
		ready.Done()
		<-never
	}
	runtime.KeepAlive(n)
}

func held() {
	heldChan <- note("held", "channel", "main.heldChan")
	captured := note("held", "closure", "main.heldClosure")
	heldClosure = func() *Node { return captured }
	heldIface = &Square{Tag: note("held", "interface", "main.heldIface")}
	heldMap["key"] = note("held", "map", "main.heldMap")
	heldSlice = [][]*Node{nil, {nil, note("held", "slice", "main.heldSlice")}}
	heldSyncMap.Store("key", note("held", "sync.Map", "main.heldSyncMap"))
	start(func() { heldByStack(5) })

	timed := note("alive", "timer", "")
	time.AfterFunc(time.Hour, func() { runtime.KeepAlive(timed) })
	noteFreed("dropped")
	ready.Wait()
}

// garbage is made behind the last collection: not freed, and not held.
func garbage() { note("garbage", "garbage", "") }

func heldFacts() {
	for _, a := range addresses {
		fact(a.kind, a.name, "addr=%#x by=%q", a.at, a.by)
	}
}

// goroutineFacts prints what the runtime's own dump says of each goroutine: its state, its outermost function
// and the one that made it.
func goroutineFacts() {
	buffer := make([]byte, 4<<20)
	for _, dump := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		lines := strings.Split(dump, "\n")
		// goroutine 7 [chan receive, 2 minutes]:
		number, rest, _ := strings.Cut(strings.TrimPrefix(lines[0], "goroutine "), " ")
		state, _, _ := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		state, _, _ = strings.Cut(state, ",")
		top, creator := functionOf(lines[1]), ""
		for _, line := range lines {
			if strings.HasPrefix(line, "created by ") {
				creator, _, _ = strings.Cut(strings.TrimPrefix(line, "created by "), " in goroutine ")
			}
		}
		if _, err := strconv.Atoi(number); err == nil {
			fact("goroutine", number, "state=%q top=%q creator=%q", state, top, creator)
		}
	}
}

// functionOf cuts the arguments from a line such as "main.(*receiver).wait(0x1, 0x2)".
func functionOf(line string) string {
	if at := strings.LastIndex(line, "("); at > 0 {
		return line[:at]
	}
	return line
}
