// silt: runtime-held, main.interesting
//
// An import reads all records and keeps one in sixteen. The others are freed, but each that is kept lies in a
// span of 8 KiB beside freed ones, and keeps it: the heap stays as large as the file.
package main

import "leaks/rounds"

const recordSize = 512

var interesting [][]byte

func readAll(count int) [][]byte {
	records := make([][]byte, count)
	for i := range records {
		records[i] = read(i, make([]byte, recordSize))
	}
	return records
}

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
		for _, record := range readAll(60000) {
			if isInteresting(record) {
				interesting = append(interesting, record)
			}
		}
	})
}
