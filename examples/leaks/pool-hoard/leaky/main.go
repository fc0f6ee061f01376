// silt: pool-hoard, main.buffers
//
// Answers are written into buffers from a pool. Most are small; now and then somebody asks for an export, and the
// buffer that has grown for it goes back into the pool.
package main

import (
	"bytes"
	"sync"

	"leaks/rounds"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func put(buffer *bytes.Buffer) {
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
