// A pool of large buffers that are all needed at their size: as much memory, but the pool is what it is meant to be.
package main

import (
	"bytes"
	"sync"

	"leaks/rounds"
)

const size = 200 << 10

var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, size)) }}

func put(buffer *bytes.Buffer) {
	buffer.Reset()
	buffers.Put(buffer)
}

func answer(sent *sync.WaitGroup) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer put(buffer)
	buffer.Write(make([]byte, size))
	sent.Done()
	sent.Wait()
}

func main() {
	rounds.Run(func() {
		var sent, done sync.WaitGroup
		for i := 0; i < 24; i++ {
			sent.Add(1)
			done.Add(1)
			go func() {
				defer done.Done()
				answer(&sent)
			}()
		}
		done.Wait()
	})
}
