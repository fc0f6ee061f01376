// Package step lets the programs of this collection be looked at before and after what they show.
package step

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

// Run says READY; does one step and says DONE for each line on the standard input; and returns at its end. Before
// each of them everything that can be collected is.
func Run(steps ...func()) {
	collect()
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for _, step := range steps {
		if !lines.Scan() {
			return
		}
		step()
		collect()
		fmt.Println("DONE")
	}
	lines.Scan()
}

// What a finalizer has kept goes in the next collection.
func collect() {
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
}
