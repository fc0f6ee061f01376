package main

import (
	"container/list"
	"fmt"
	"runtime"
	"sync"
)

// What these variables retain is measured by the runtime's own statistics: nothing else refers to it. Nothing
// here is smaller than 16 bytes, for such objects share their slots with others.
var (
	retainedMap     map[string]*Node
	retainedNoscan  map[int]int
	retainedChan    chan *Node
	retainedClosure func() int
	retainedAny     any
	retainedSyncMap sync.Map
	retainedList    *list.List
	retainedRing    *Node
	retainedSlices  [][]string
	counted         []*Counted

	sink     any
	measured [16]measurement
	measures int
)

// Counted is there countedObjects times.
type Counted struct {
	Words [5]int
	Next  *Counted
}

const (
	countedObjects = 1234
	warmUps        = 3
)

type measurement struct {
	kind, name     string
	bytes, objects uint64
}

// measure runs a function between two collections and notes by how much it made the heap grow.
func measure(kind, name string, build func()) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	build()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	measured[measures] = measurement{kind, name, after.HeapAlloc - before.HeapAlloc,
		(after.Mallocs - after.Frees) - (before.Mallocs - before.Frees)}
	measures++
}

func long(prefix string, i int) string { return fmt.Sprintf("%s-%030d", prefix, i) }

func retained() {
	// One processor, and a few rounds: what the collector needs for itself, it has by then.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i := 0; i < warmUps; i++ {
		measure("warm-up", "-", func() {})
	}
	measure("retained", "main.retainedMap", func() {
		retainedMap = map[string]*Node{}
		for i := 0; i < 3000; i++ {
			retainedMap[long("key", i)] = &Node{Name: long("name", i), Data: make([]byte, 100)}
		}
		for i := 0; i < 3000; i += 3 {
			delete(retainedMap, long("key", i))
		}
	})
	measure("retained", "main.retainedNoscan", func() {
		retainedNoscan = map[int]int{}
		for i := 0; i < 2000; i++ {
			retainedNoscan[i] = i
		}
	})
	measure("retained", "main.retainedChan", func() {
		retainedChan = make(chan *Node, 50)
		for i := 0; i < 40; i++ {
			retainedChan <- &Node{Name: long("sent", i)}
		}
		for i := 0; i < 15; i++ {
			<-retainedChan
		}
	})
	measure("retained", "main.retainedClosure", func() {
		n, buffer := &Node{Name: long("captured", 1)}, make([]byte, 5000)
		retainedClosure = func() int { return len(n.Name) + len(buffer) }
	})
	measure("retained", "main.retainedAny", func() {
		retainedAny = Outer{Inner: Inner{M: map[string]*Node{long("k", 1): {Data: make([]byte, 3000)}}}}
	})
	measure("retained", "main.retainedSyncMap", func() {
		for i := 0; i < 200; i++ {
			retainedSyncMap.Store(long("sync", i), &Node{Name: long("value", i)})
		}
		for i := 0; i < 400; i++ {
			retainedSyncMap.Load(long("sync", i))
		}
		for i := 0; i < 50; i++ {
			retainedSyncMap.Delete(long("sync", i))
		}
	})
	measure("retained", "main.retainedList", func() {
		retainedList = list.New()
		for i := 0; i < 100; i++ {
			retainedList.PushBack(&Node{Name: long("element", i)})
		}
	})
	measure("retained", "main.retainedRing", func() {
		retainedRing = &Node{Name: long("first", 0)}
		at := retainedRing
		for i := 0; i < 70; i++ {
			at.Right = &Node{Name: long("ring", i), Left: at}
			at = at.Right
		}
		at.Right = retainedRing
	})
	measure("retained", "main.retainedSlices", func() {
		for i := 0; i < 64; i++ {
			retainedSlices = append(retainedSlices, make([]string, 30))
		}
	})
	measure("retained", "main.counted", func() {
		counted = make([]*Counted, countedObjects)
		for i := range counted {
			counted[i] = new(Counted)
			dropped := new(Counted)
			dropped.Next = counted[i]
			sink = dropped
		}
		sink = nil
	})
}

func retainedFacts() {
	for _, m := range measured[warmUps:measures] {
		fact(m.kind, m.name, "bytes=%d objects=%d", m.bytes, m.objects)
	}
	fact("type", "main.Counted", "objects=%d", countedObjects)
}
