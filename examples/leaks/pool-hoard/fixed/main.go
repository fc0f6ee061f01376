// A buffer that has grown large is left to the collector.
package main

import (
	"bytes"
	"sync"

	"leaks/rounds"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const largest = 64 << 10

func put(buffer *bytes.Buffer) {
	if buffer.Cap() > largest {
		return
	}
	buffer.Reset()
	buffers.Put(buffer)
}

func answer(size int, sent *sync.WaitGroup) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer put(buffer)
	buffer.Write(make([]byte, size))
	sent.Done()
	sent.Wait()
}

func main() {
	rounds.Run(func() {
		var sent, done sync.WaitGroup
		for i := 0; i < 64; i++ {
			size := 1 << 10
			if i%8 == 0 {
				size = 500 << 10
			}
			sent.Add(1)
			done.Add(1)
			go func() {
				defer done.Done()
				answer(size, &sent)
			}()
		}
		done.Wait()
	})
}
