// Crashes ends by a fatal error of the runtime, of the kind that its argument names.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type visits struct {
	count map[string]int
	pad   [32]byte
}

var (
	first, second sync.Mutex
	shared        *visits
)

//go:noinline
func lockBoth(a, b *sync.Mutex, done *sync.WaitGroup) {
	defer done.Done()
	a.Lock()
	defer a.Unlock()
	time.Sleep(50 * time.Millisecond)
	b.Lock()
	defer b.Unlock()
}

func allAsleep() {
	var done sync.WaitGroup
	done.Add(2)
	go lockBoth(&first, &second, &done)
	go lockBoth(&second, &first, &done)
	done.Wait()
}

//go:noinline
func (v *visits) add(name string) {
	for i := 0; ; i++ {
		v.count[name] = i
	}
}

func mapWrites() {
	shared = &visits{count: map[string]int{}}
	go shared.add("/a")
	go shared.add("/b")
	time.Sleep(time.Minute)
}

func main() {
	fmt.Println("READY")
	switch os.Args[1] {
	case "all-asleep":
		allAsleep()
	case "map-writes":
		mapWrites()
	}
}
