// Values makes one mistake with strings, slices or interfaces, and mends it when it reads a line:
//
//	values CASE
//
// It prints READY, and then, by the runtime's own figures, "freed BYTES": what the heap lost by mending.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

type mistake struct {
	make, mend func()
}

var cases = map[string]mistake{
	"substring": {makeSubstrings, mendSubstrings},
	"subslice":  {makeSubslices, mendSubslices},
	"queue":     {makeQueue, mendQueue},
	"room":      {makeRoom, mendRoom},
	"numbers":   {makeNumbers, mendNumbers},
	"fields":    {makeFields, mendFields},
	"entries":   {makeEntries, mendEntries},
	"addresses": {makeAddresses, mendAddresses},
	"strings":   {makeStrings, mendStrings},
	"tiny":      {makeTinyStrings, mendTinyStrings},
}

type document struct {
	number int
	id     string
}

var documents = map[int]*document{}

func makeSubstrings() {
	for i := 0; i < 200; i++ {
		text := fmt.Sprint("document ", i, ": ", strings.Repeat("text ", 2000))
		documents[i] = &document{i, text[9:strings.Index(text, ":")]}
	}
}

func mendSubstrings() {
	for _, d := range documents {
		d.id = strings.Clone(d.id)
	}
}

var heads [][]byte

func makeSubslices() {
	for i := 0; i < 200; i++ {
		packet := make([]byte, 16<<10)
		heads = append(heads, packet[64:96:96])
	}
}

func mendSubslices() {
	for i, head := range heads {
		heads[i] = append([]byte(nil), head...)
	}
}

type job struct {
	payload []byte
}

type dispatcher struct {
	jobs []*job
}

var queue dispatcher

func makeQueue() {
	queue.jobs = make([]*job, 0, 2000)
	for i := 0; i < cap(queue.jobs); i++ {
		queue.jobs = append(queue.jobs, &job{make([]byte, 1024)})
	}
	for len(queue.jobs) > 20 {
		queue.jobs = queue.jobs[1:]
	}
}

func mendQueue() {
	queue.jobs = append([]*job(nil), queue.jobs...)
}

type series struct {
	name   string
	points []float64
}

var all []*series

func makeRoom() {
	for i := 0; i < 300; i++ {
		s := &series{fmt.Sprint("series ", i), make([]float64, 0, 1024)}
		s.points = append(s.points, 1, 2, 3)
		all = append(all, s)
	}
}

func mendRoom() {
	for _, s := range all {
		s.points = append([]float64(nil), s.points...)
	}
}

var numbers []interface{}

func makeNumbers() {
	for i := 0; i < 60000; i++ {
		numbers = append(numbers, float64(i)/3)
	}
}

func mendNumbers() {
	for i := range numbers {
		numbers[i] = 0 // has no box
	}
}

type setting struct {
	number int
	value  interface{}
}

var settings []*setting

func makeFields() {
	for i := 0; i < 60000; i++ {
		settings = append(settings, &setting{i, int64(i) + 1000})
	}
}

func mendFields() {
	for _, s := range settings {
		s.value = 0
	}
}

var entries = map[int]interface{}{}

func makeEntries() {
	for i := 0; i < 60000; i++ {
		entries[i] = [2]float64{float64(i), 1}
	}
}

func mendEntries() {
	for i := range entries {
		entries[i] = 0
	}
}

type visitor struct {
	number  int
	browser string
}

var visitors []*visitor

func makeStrings() {
	for i := 0; i < 20000; i++ {
		visitors = append(visitors, &visitor{i, fmt.Sprint("a browser of version ", i%9)})
	}
}

var interned = map[string]string{}

func intern(s string) string {
	if _, ok := interned[s]; !ok {
		interned[s] = s
	}
	return interned[s]
}

func mendStrings() {
	for _, v := range visitors {
		v.browser = intern(v.browser)
	}
}

var countries []string

func makeTinyStrings() {
	for i := 0; i < 60000; i++ {
		countries = append(countries, fmt.Sprint("country ", i%5))
	}
}

func mendTinyStrings() {
	for i := range countries {
		countries[i] = intern(countries[i])
	}
}

type session struct {
	user string
	data [1000]byte
}

type remark struct {
	about string
	lines [][]byte
}

var (
	remarks  = map[uintptr]*remark{}
	sessions []*session
)

func makeAddresses() {
	for i := 0; i < 1000; i++ {
		s := &session{user: fmt.Sprint("user ", i)}
		remarks[uintptr(unsafe.Pointer(s))] = &remark{s.user, [][]byte{make([]byte, 500)}}
		if i%10 == 0 {
			sessions = append(sessions, s)
		}
	}
}

func mendAddresses() {
	live := map[uintptr]bool{}
	for _, s := range sessions {
		live[uintptr(unsafe.Pointer(s))] = true
	}
	for address := range remarks {
		if !live[address] {
			delete(remarks, address)
		}
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	chosen := cases[os.Args[1]]
	runtime.MemProfileRate = 1
	defer runtime.MemProfile(nil, false) // without it the linker switches sampling off
	chosen.make()
	before := heap()
	fmt.Println("READY")
	lines.Scan()
	chosen.mend()
	fmt.Println("freed", int64(before)-int64(heap()))
	time.Sleep(time.Hour)
}
