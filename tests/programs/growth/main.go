// Growth changes what it holds in known ways: for each line on its standard input it does one round, with as many
// collections as the line says, and answers with what it did, as a line of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// Half of the Kept stay for ever, some are dropped and others come.
type Kept struct {
	id      uint64
	payload []byte
	name    string
	next    *Kept
}

// All Reused are dropped in each round, and new ones take their slots: they hold the same pointers in the same
// places, and only their numbers tell them apart.
type Reused struct {
	id   uint64
	data *[4]uint64
	next *Reused
}

// Touched stay for ever and are changed all the time.
type Touched struct {
	id   uint64
	hits uint64
	seen time.Time
	data *[8]uint64
}

// Replaced are those of a map whose entries are replaced under the same keys.
type Replaced struct {
	id   uint64
	data *[2]uint64
}

// Other is what further collections hold.
type Other struct {
	id   uint64
	data *[32]uint64
}

type Shard struct {
	mu      sync.Mutex
	entries map[uint64]*Other
}

type Bus struct {
	name      string
	listeners []func() uint64
}

const (
	keptCount    = 2000
	dropped      = 700
	added        = 1100
	reusedCount  = 1500
	touchedCount = 900
	waiters      = 30
	waitersAdded = 20
	waitersEnded = 10
)

var (
	kept     = map[int]*Kept{}
	reused   []*Reused
	touched  []*Touched
	growing  = map[string]*Touched{}
	replaced = map[int]*Replaced{}
	stops    []chan struct{}

	concurrent sync.Map
	shards     [8]Shard
	bus        *Bus
	numbers    = map[uint64]uint64{}

	nextID    uint64 = 1 << 40
	nextKept  int
	nextKey   int
	addresses = map[uintptr]bool{}
)

func id() uint64 {
	nextID += 0x10001
	return nextID
}

//go:noinline
func addKept(count int) {
	for i := 0; i < count; i++ {
		kept[nextKept] = &Kept{id: id(), payload: make([]byte, 100), name: strconv.Itoa(nextKept)}
		nextKept++
	}
}

//go:noinline
func dropKept(count int) {
	for key := nextKept - keptCount; count > 0; key++ {
		delete(kept, key)
		count--
	}
}

// Returns how many of the new ones are where old ones were.
//
//go:noinline
func renewReused() int {
	again := 0
	var last *Reused
	for i := 0; i < reusedCount; i++ {
		last = &Reused{id: id(), data: new([4]uint64), next: last}
		if addresses[uintptr(unsafe.Pointer(last))] {
			again++
		}
		reused[i] = last
	}
	return again
}

//go:noinline
func dropReused() {
	addresses = map[uintptr]bool{}
	for i, one := range reused {
		addresses[uintptr(unsafe.Pointer(one))] = true
		reused[i] = nil
	}
}

//go:noinline
func touch() {
	for _, one := range touched {
		one.hits += one.id % 7
		one.seen = time.Now()
	}
}

//go:noinline
func replace() {
	for key := 0; key < 500; key++ {
		replaced[key] = &Replaced{id: id(), data: new([2]uint64)}
	}
}

//go:noinline
func grow(count int) {
	for i := 0; i < count; i++ {
		one := &Touched{id: id(), data: new([8]uint64)}
		growing["key of entry "+strconv.Itoa(nextKey)] = one
		nextKey++
	}
}

// Collections that grow in other ways: each by `count` entries.
//
//go:noinline
func growOthers(count int) {
	for i := 0; i < count; i++ {
		one := &Other{id: id(), data: new([32]uint64)}
		concurrent.Store("key "+strconv.FormatUint(one.id, 10), one)
		one = &Other{id: id(), data: new([32]uint64)}
		shard := &shards[i%len(shards)]
		shard.entries[one.id] = one
		one = &Other{id: id(), data: new([32]uint64)}
		bus.listeners = append(bus.listeners, func() uint64 { return one.id })
		numbers[one.id] = uint64(i)
	}
}

//go:noinline
func wait(stop chan struct{}) { <-stop }

func start(count int) {
	for i := 0; i < count; i++ {
		stop := make(chan struct{})
		stops = append(stops, stop)
		go wait(stop)
	}
}

func end(count int) {
	for i := 0; i < count; i++ {
		close(stops[i])
	}
	stops = stops[count:]
}

// The bytes of a slot: what the runtime says of its size classes.
func slot(size uintptr) uint32 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	for _, class := range stats.BySize {
		if uintptr(class.Size) >= size {
			return class.Size
		}
	}
	return 0
}

type change struct {
	Born, Died, Survived int
	Slot                 uint32
}

type answer struct {
	Collections uint32
	Reused      int // slots
	Types       map[string]change
	Waiters     change
	Growing     change
}

func round(collections int) answer {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	keptBefore := len(kept)
	entriesBefore := len(growing)
	waitersBefore := len(stops)

	dropKept(dropped)
	dropReused()
	end(waitersEnded)
	for i := 0; i < collections; i++ {
		runtime.GC()
	}
	again := renewReused()
	replace()
	addKept(added)
	touch()
	grow(800)
	growOthers(4000)
	start(waitersAdded)
	time.Sleep(50 * time.Millisecond)
	runtime.ReadMemStats(&after)
	return answer{
		Collections: after.NumGC - before.NumGC,
		Reused:      again,
		Types: map[string]change{
			"main.Kept":     {added, dropped, keptBefore - dropped, slot(unsafe.Sizeof(Kept{}))},
			"main.Reused":   {reusedCount, reusedCount, 0, slot(unsafe.Sizeof(Reused{}))},
			"main.Replaced": {500, 500, 0, slot(unsafe.Sizeof(Replaced{}))},
			"main.Touched":  {800, 0, touchedCount + entriesBefore, slot(unsafe.Sizeof(Touched{}))},
		},
		Waiters: change{waitersAdded, waitersEnded, waitersBefore - waitersEnded, 0},
		Growing: change{800, 0, entriesBefore, 0},
	}
}

func main() {
	debug.SetGCPercent(-1)
	addKept(keptCount)
	reused = make([]*Reused, reusedCount)
	renewReused()
	for i := 0; i < touchedCount; i++ {
		touched = append(touched, &Touched{id: id(), data: new([8]uint64)})
	}
	replace()
	grow(600)
	bus = &Bus{name: "bus"}
	for i := range shards {
		shards[i].entries = map[uint64]*Other{}
	}
	growOthers(6000)
	start(waiters)
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		collections, err := strconv.Atoi(lines.Text())
		if err != nil {
			panic(err)
		}
		text, err := json.Marshal(round(collections))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
}
