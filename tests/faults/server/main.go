// Server does all at once that a capture could disturb, and checks itself all the time: HTTP, collections,
// timers, loops without calls, blocking system calls, floating-point sums, channels, signals, children.
//
// It prints "READY PORT". On that port /check answers "ok COUNTER..." when nothing has gone wrong and every
// part has gone on since the last question, or what is wrong. /check waits until each part has gone on, for at
// most so long as a scheduler needs under load.
package main

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	patience    = 20 * time.Second // until a part counts as hanging
	checkEvery  = time.Millisecond
	loopLength  = 1 << 23 // some milliseconds
	floatLength = 1 << 12
	pause       = 10 * time.Millisecond // the parts leave silt a processor
	garbageSize = 4096
)

var (
	parts   = map[string]*uint64{}
	wrongMu sync.Mutex
	wrong   string
)

func fail(format string, arguments ...any) {
	wrongMu.Lock()
	defer wrongMu.Unlock()
	if wrong == "" {
		wrong = fmt.Sprintf(format, arguments...)
	}
}

// repeat runs a part for ever and counts its rounds.
func repeat(name string, round func()) {
	counter := new(uint64)
	parts[name] = counter
	go func() {
		for {
			round()
			atomic.AddUint64(counter, 1)
		}
	}()
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t == nil {
		return 0
	}
	return 1 + t.left.count() + t.right.count()
}

func collect() {
	const depth = 12
	t := grow(depth)
	runtime.GC()
	if t.count() != 1<<(depth+1)-1 {
		fail("a tree has lost nodes")
	}
	time.Sleep(pause / 10)
}

func tick() {
	began := time.Now()
	<-time.NewTimer(2 * time.Millisecond).C
	if passed := time.Since(began); passed < 2*time.Millisecond {
		fail("a timer was early: %v", passed)
	}
}

func loop() {
	sum := uint64(0)
	for i := uint64(0); i < loopLength; i++ {
		sum += i ^ sum<<1
	}
	if sum != loopSum {
		fail("a loop has counted wrong")
	}
	time.Sleep(pause)
}

var loopSum = func() (sum uint64) {
	for i := uint64(0); i < loopLength; i++ {
		sum += i ^ sum<<1
	}
	return
}()

func series() float64 {
	sum := 0.0
	for i := 1; i <= floatLength; i++ {
		sum += math.Sqrt(float64(i)) / (1 + math.Sin(float64(i))*math.Sin(float64(i)))
	}
	return sum
}

var seriesSum = series()

func float() {
	if sum := series(); sum != seriesSum {
		fail("floating point: %v, not %v", sum, seriesSum)
	}
	time.Sleep(pause / 10)
}

// blockInPipe waits in a blocking system call of a thread.
func blockInPipe() func() {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		fail("pipe: %v", err)
	}
	go func() {
		for i := byte(0); ; i++ {
			time.Sleep(time.Millisecond)
			if n, err := syscall.Write(pipe[1], []byte{i}); n != 1 {
				fail("write: %v", err)
			}
		}
	}()
	expected := byte(0)
	return func() {
		var b [1]byte
		n, err := syscall.Read(pipe[0], b[:])
		if err == syscall.EINTR {
			return
		}
		if n != 1 || b[0] != expected {
			fail("read: %d bytes, %v: %d, not %d", n, err, b[0], expected)
		}
		expected++
	}
}

func exchange() func() {
	there, back := make(chan int), make(chan int)
	go func() {
		for i := range there {
			back <- i + 1
		}
	}()
	next := 0
	return func() {
		there <- next
		if got := <-back; got != next+1 {
			fail("channel: %d, not %d", got, next+1)
		}
		next++
		if next%100 == 0 {
			time.Sleep(pause / 10)
		}
	}
}

// signalSelf sends a signal and waits until it has arrived.
func signalSelf() func() {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGUSR1)
	return func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			fail("kill: %v", err)
		}
		select {
		case <-arrived:
		case <-time.After(patience):
			fail("a signal was lost")
		}
		time.Sleep(time.Millisecond)
	}
}

func runChild() {
	if err := exec.Command("/bin/true").Run(); err != nil {
		fail("child: %v", err)
	}
	time.Sleep(5 * time.Millisecond)
}

func request(address string) func() {
	client := &http.Client{Timeout: patience}
	return func() {
		answer, err := client.Get("http://" + address + "/echo?what=ping")
		if err != nil {
			fail("http: %v", err)
			return
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(body) != "ping" {
			fail("http: %q", body)
		}
		time.Sleep(pause / 10)
	}
}

var garbage [][]byte

func litter() {
	garbage = nil
	for i := 0; i < 100; i++ {
		garbage = append(garbage, make([]byte, garbageSize))
	}
	time.Sleep(100 * time.Microsecond)
}

func names() []string {
	list := []string{}
	for name := range parts {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

func waitFor(name string, before uint64) {
	for deadline := time.Now().Add(patience); atomic.LoadUint64(parts[name]) == before; time.Sleep(checkEvery) {
		if time.Now().After(deadline) {
			fail("%s hangs", name)
			return
		}
	}
}

func check(w http.ResponseWriter, _ *http.Request) {
	before := map[string]uint64{}
	for _, name := range names() {
		before[name] = atomic.LoadUint64(parts[name])
	}
	for _, name := range names() {
		waitFor(name, before[name])
	}
	wrongMu.Lock()
	defer wrongMu.Unlock()
	if wrong != "" {
		fmt.Fprintln(w, wrong)
		return
	}
	fmt.Fprint(w, "ok")
	for _, name := range names() {
		fmt.Fprintf(w, " %s=%d", name, atomic.LoadUint64(parts[name]))
	}
	fmt.Fprintln(w)
}

func main() {
	debug.SetGCPercent(20)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.HandleFunc("/check", check)
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("what")) })
	repeat("collect", collect)
	repeat("tick", tick)
	repeat("loop", loop)
	repeat("float", float)
	repeat("pipe", blockInPipe())
	repeat("channel", exchange())
	repeat("signal", signalSelf())
	repeat("child", runChild)
	repeat("http", request(listener.Addr().String()))
	repeat("litter", litter)
	fmt.Println("READY", listener.Addr().(*net.TCPAddr).Port)
	fmt.Println(http.Serve(listener, nil))
	os.Exit(1)
}
