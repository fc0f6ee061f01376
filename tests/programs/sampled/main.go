// Sampled is looked at for where its objects were allocated:
//
//	sampled RATE
//
// It allocates at some places, and says where by runtime.MemProfile: lines "sampled CALL OBJECTS BYTES", CALL as
// "main.f|main.go:12", of what is in use and was allocated by these functions.
// Then "largest ADDRESS", and READY. RATE is the runtime's MemProfileRate.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

type record struct {
	next    *record
	payload []byte
}

type store struct {
	byNumber map[int]*record
	blobs    [][]byte
}

var (
	kept    store
	largest *record
)

func newRecord(size int) *record { // is put in line
	return &record{payload: make([]byte, size)}
}

//go:noinline
func fill(count int) {
	for i := 0; i < count; i++ {
		kept.byNumber[i] = newRecord(100)
	}
}

//go:noinline
func fillBlobs(count int) {
	kept.blobs = make([][]byte, 0, count)
	for i := 0; i < count; i++ {
		kept.blobs = append(kept.blobs, make([]byte, 300<<10))
	}
}

//go:noinline
func makeLargest() {
	largest = newRecord(5 << 20)
}

// The innermost call that is not the runtime's. What the collector allocates when it is started by an allocation is
// the runtime's own.
func site(stack []uintptr) (string, bool) {
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "runtime.gc") {
			return "", false
		}
		if !strings.HasPrefix(frame.Function, "runtime.") && !strings.HasPrefix(frame.Function, "internal/runtime/") {
			call := fmt.Sprintf("%s|%s:%d", frame.Function, filepath.Base(frame.File), frame.Line)
			return call, strings.HasPrefix(frame.Function, "main.")
		}
		if !more {
			return "", false
		}
	}
}

type sum struct{ objects, bytes int64 }

func profile() map[string]*sum {
	records := make([]runtime.MemProfileRecord, 10000)
	count, _ := runtime.MemProfile(records, false)
	sums := map[string]*sum{}
	for _, r := range records[:count] {
		call, own := site(r.Stack())
		if !own || !strings.HasPrefix(call, "main.fill") && !strings.HasPrefix(call, "main.newRecord") {
			continue
		}
		if sums[call] == nil {
			sums[call] = &sum{}
		}
		sums[call].objects += r.InUseObjects()
		sums[call].bytes += r.InUseBytes()
	}
	return sums
}

func main() {
	runtime.MemProfileRate, _ = strconv.Atoi(os.Args[1])
	kept.byNumber = map[int]*record{}
	fill(3000)
	fillBlobs(20)
	makeLargest()
	runtime.GC()
	runtime.GC()
	for call, sum := range profile() {
		fmt.Println("sampled", call, sum.objects, sum.bytes)
	}
	fmt.Printf("largest %p\n", &largest.payload[0])
	fmt.Println("READY")
	for {
		time.Sleep(time.Hour)
		runtime.KeepAlive(kept)
	}
}
