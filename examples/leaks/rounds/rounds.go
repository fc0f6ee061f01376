// Package rounds lets the programs of this collection be looked at between two rounds of their work.
package rounds

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

// Run does one round and says READY; another one, and DONE, for each line on the standard input; and returns at
// its end.
func Run(round func()) {
	done("READY", round)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		done("DONE", round)
	}
}

func done(word string, round func()) {
	round()
	runtime.GC()
	fmt.Println(word)
}
