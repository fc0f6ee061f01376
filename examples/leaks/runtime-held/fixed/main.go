// Records are read into one buffer, and what is kept is copied: copies lie side by side.
package main

import "leaks/rounds"

const recordSize = 512

var interesting [][]byte

func read(number int, record []byte) []byte {
	for i := range record {
		record[i] = byte(number)
	}
	return record
}

func isInteresting(record []byte) bool {
	return record[0]%16 == 1
}

func main() {
	rounds.Run(func() {
		buffer := make([]byte, recordSize)
		for i := 0; i < 60000; i++ {
			if record := read(i, buffer); isInteresting(record) {
				interesting = append(interesting, append([]byte(nil), record...))
			}
		}
	})
}
