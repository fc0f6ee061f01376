// Slack has maps that were much larger, and maps that are about to be. For a line "NAME" it rebuilds that map and
// prints by how many bytes the live heap, as the runtime counts it, became smaller.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
)

type wide struct {
	text string
	more [20]int
}

const peak, left = 50000, 300

var (
	shrunkInts    = map[int]int{} // no pointers: the groups are not captured
	shrunkStrings = map[string]*wide{}
	shrunkWide    = map[int]wide{}
	shrunkSync    sync.Map
	shrunkEmpty   = map[string]string{}
	shrunkSmall   []map[int]*wide

	plannedInts    = make(map[int]int, peak)
	plannedStrings = make(map[string]*wide, peak)
	filled         = map[int]string{}
	halfFilled     = map[int]string{}
)

func fill() {
	for i := 0; i < peak; i++ {
		name := fmt.Sprint("key-", i)
		shrunkInts[i], shrunkStrings[name], shrunkWide[i] = i, &wide{}, wide{}
		shrunkSync.Store(i, name)
		shrunkEmpty[name] = name
		filled[i], halfFilled[i] = name, name
	}
	shrunkSync.Range(func(any, any) bool { return true })
	for i := 0; i < 100; i++ {
		small := map[int]*wide{}
		for k := 0; k < 400; k++ {
			small[k] = nil
		}
		shrunkSmall = append(shrunkSmall, small)
	}
}

func purge() {
	for i := left; i < peak; i++ {
		name := fmt.Sprint("key-", i)
		delete(shrunkInts, i)
		delete(shrunkStrings, name)
		delete(shrunkWide, i)
		shrunkSync.Delete(i)
		delete(shrunkEmpty, name)
		if i%2 == 0 {
			delete(halfFilled, i)
		}
	}
	for i := 0; i < left; i++ {
		delete(shrunkEmpty, fmt.Sprint("key-", i))
		plannedInts[i], plannedStrings[fmt.Sprint(i)] = i, nil
	}
	for _, small := range shrunkSmall {
		for k := 5; k < 400; k++ {
			delete(small, k)
		}
	}
}

func rebuilt[K comparable, V any](old map[K]V) map[K]V {
	new := make(map[K]V, len(old))
	for key, value := range old {
		new[key] = value
	}
	return new
}

func rebuild(name string) {
	switch name {
	case "main.shrunkInts":
		shrunkInts = rebuilt(shrunkInts)
	case "main.shrunkStrings":
		shrunkStrings = rebuilt(shrunkStrings)
	case "main.shrunkWide":
		shrunkWide = rebuilt(shrunkWide)
	case "main.shrunkEmpty":
		shrunkEmpty = rebuilt(shrunkEmpty)
	case "main.shrunkSmall":
		for i := range shrunkSmall {
			shrunkSmall[i] = rebuilt(shrunkSmall[i])
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
	fill()
	purge()
	live()
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		before := live()
		rebuild(lines.Text())
		fmt.Println(int64(before) - int64(live()))
	}
	runtime.KeepAlive([]any{plannedInts, plannedStrings, filled, halfFilled})
}
