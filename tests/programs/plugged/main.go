// Plugged FILE loads the plugin and lets it keep entries and start goroutines, says READY, and sleeps.
package main

import (
	"fmt"
	"os"
	"plugin"
	"runtime"
	"time"
)

const (
	entries    = 2000
	entryBytes = 1024
	waiting    = 20
)

func look[T any](from *plugin.Plugin, name string) T {
	symbol, err := from.Lookup(name)
	if err != nil {
		panic(err)
	}
	return symbol.(T)
}

func main() {
	part, err := plugin.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	look[func(int, int)](part, "Keep")(entries, entryBytes)
	wait := look[func()](part, "Wait")
	for i := 0; i < waiting; i++ {
		go wait()
	}
	runtime.GC()
	fmt.Printf("fact kept entries count=%d bytes=%d\n", entries, entries*entryBytes)
	fmt.Printf("fact waiting goroutines count=%d\n", waiting)
	fmt.Println("READY")
	time.Sleep(time.Hour)
}
