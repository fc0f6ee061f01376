// Shapes holds one of everything that the runtime can hold, writes debug.WriteHeapDump to the file that
// it is given, says on stdout what it knows about itself, prints READY and stays as it is.
//
// Lines on stdout: "fact KIND NAME KEY=VALUE...". Tests compare them with what silt finds from outside.
package main

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

type Node struct {
	Name  string
	Left  *Node
	Right *Node
	Data  []byte
}

type Shape interface{ Area() float64 }

type Square struct {
	Side float64
	Tag  *Node
}

func (s *Square) Area() float64 { return s.Side * s.Side }

type Small struct{ A, B *int }

type Wide struct {
	Head [40]*Node
	Body [100]int
	Tail [40]string
}

type Huge struct {
	Pointers [20000]*int // 160 KB of pointers: the mask is made on demand
	Count    int
}

type Kilo struct { // more than 1 KB of pointers: on demand since 1.27
	Rows [200]struct {
		P *int
		S string
	}
}

type BigValue struct {
	Pad [40]int64
	P   *Node
}

type BigKey [20]int64

type Inner struct{ M map[string]*Node }

type Outer struct {
	Inner
	Next  *Outer
	Iface any
}

var (
	gPointer *Node
	gSlice   []*Node
	gString  string
	gMap     map[string]*Node
	gEface   any
	gIface   Shape
	gFunc    func() int
	gMethod  func() float64
	gChan    chan *Node
	gArray   [3]*Node
	gStruct  struct {
		A *Node
		B []string
		C map[int]int
	}
	gPointerPointer **Node
	gUnsafe         unsafe.Pointer
	gSyncMap        sync.Map
	gPool           = sync.Pool{New: func() any { return new(Node) }}
	gValue          atomic.Value
	gAtomic         atomic.Pointer[Node]
	gError          = errors.New("a global error")

	mapStringInt  = map[string]int{}
	mapIntPointer = map[int]*Node{}
	mapStringAny  = map[string]any{}
	mapAnyString  = map[any]string{}
	mapBigValue   = map[int]BigValue{}
	mapBigKey     = map[BigKey]string{}
	mapEmptyValue = map[int64]struct{}{}
	mapSmall      = map[string]string{"one": "1", "two": "2", "three": "3"}
	mapEmpty      = map[string]int{}
	mapNil        map[string]int
	mapDeleted    = map[int]*Node{}
	mapOfMaps     = map[string]map[string]int{}
	mapGrowing    = map[int]int{}
	mapFloat      = map[float64]*Node{}
	mapArray      = map[[2]int]Small{}
	mapBig        = map[int]*Node{}
	mapEmptied    = map[string]*Node{}
	mapReplaced   = map[int]int{}

	chanBuffered   = make(chan *Node, 10)
	chanUnbuffered = make(chan *Node)
	chanStrings    = make(chan string, 5)
	chanClosed     = make(chan int, 3)
	chanStructs    = make(chan Outer, 4)
	chanEmpty      = make(chan struct{}, 8)

	bigPointers  []*Node
	bigStructs   []Outer
	bigBytes     []byte
	wide         *Wide
	wides        []Wide
	huge         *Huge
	kilo         *Kilo
	tiny         []*int8
	listGlobal   = list.New()
	retainedTree *Node
	closures     []func() int
	reflected    any
	keep         []any

	never = make(chan bool)
	ready sync.WaitGroup
)

//go:noinline
func tree(depth, data int) *Node {
	if depth == 0 {
		return nil
	}
	return &Node{Name: fmt.Sprintf("node-%d-with-a-long-name", depth), Left: tree(depth-1, data),
		Right: tree(depth-1, data), Data: make([]byte, data)}
}

// sizeClass is what the allocator gives for n bytes that hold no pointers.
func sizeClass(n int) int { return cap(append([]byte(nil), make([]byte, n)...)) }

// treeBytes is what a tree costs: one slot per node, name and data.
func treeBytes(n *Node) (bytes, objects int) {
	if n == nil {
		return 0, 0
	}
	lb, lo := treeBytes(n.Left)
	rb, ro := treeBytes(n.Right)
	return lb + rb + sizeClass(int(unsafe.Sizeof(*n))) + sizeClass(len(n.Name)) + sizeClass(len(n.Data)), lo + ro + 3
}

func globals() {
	gPointer = tree(4, 100)
	gSlice = []*Node{tree(2, 10), nil, tree(1, 10)}
	gString = fmt.Sprint("a string made at run time ", len(os.Args))
	gMap = map[string]*Node{"left": gPointer.Left, "fresh": tree(2, 50)}
	gEface = Outer{Inner: Inner{M: gMap}, Next: &Outer{Iface: gError}, Iface: 12345678}
	gIface = &Square{Side: 3, Tag: tree(1, 1)}
	x := new(int)
	y := tree(1, 5)
	gFunc = func() int { *x++; return len(y.Data) + *x }
	gMethod = (&Square{Side: 2, Tag: tree(1, 9)}).Area
	gChan = make(chan *Node, 2)
	gChan <- tree(1, 3)
	gArray = [3]*Node{tree(1, 1), nil, gPointer}
	gStruct.A, gStruct.B, gStruct.C = tree(1, 2), []string{"x", fmt.Sprint("y", 1)}, map[int]int{1: 2}
	gPointerPointer = &gSlice[2]
	gUnsafe = unsafe.Pointer(tree(1, 4))
	for i := 0; i < 50; i++ {
		gSyncMap.Store(fmt.Sprint("sync-key-", i), tree(1, 6))
	}
	for i := 0; i < 20; i++ {
		gSyncMap.Load(fmt.Sprint("sync-key-", i))
	}
	gPool.Put(tree(1, 7))
	gValue.Store(tree(1, 8))
	gAtomic.Store(tree(1, 9))
	retainedTree = tree(8, 200)
}

func maps() {
	for i := 0; i < 300; i++ {
		mapStringInt[fmt.Sprint("key-", i)] = i
		mapIntPointer[i] = tree(1, i%20)
		mapStringAny[fmt.Sprint("any-", i)] = []any{i, fmt.Sprint(i), tree(1, 1), nil, 1.5, []int{i}, map[string]int{"a": i}}[i%7]
		mapEmptyValue[int64(i)] = struct{}{}
		mapFloat[float64(i)/3] = tree(1, 1)
		mapArray[[2]int{i, -i}] = Small{new(int), nil}
	}
	for i := 0; i < 30; i++ {
		mapBigValue[i] = BigValue{P: tree(1, 2)}
		mapBigKey[BigKey{int64(i)}] = fmt.Sprint("big", i)
		mapOfMaps[fmt.Sprint("outer", i)] = map[string]int{"inner": i}
	}
	mapAnyString[1] = "one"
	mapAnyString["two"] = fmt.Sprint("zwei", 2)
	mapAnyString[Square{Side: 1}] = "square"
	mapAnyString[&Square{Side: 2}] = "pointer"
	for i := 0; i < 1000; i++ {
		mapDeleted[i] = tree(1, 3)
	}
	for i := 0; i < 1000; i++ {
		if i%100 != 0 {
			delete(mapDeleted, i)
		}
	}
	for i := 0; i < 20000; i++ {
		mapBig[i] = gPointer
	}
	for i := 0; i < 100; i++ {
		mapEmptied[fmt.Sprint("gone", i)] = gPointer
	}
	for key := range mapEmptied {
		delete(mapEmptied, key)
	}
	for i := 0; i < 2000; i++ { // never more than 100 at a time
		mapReplaced[i] = i
		delete(mapReplaced, i-100)
	}
	for i := 0; i < 417; i++ { // just behind a growth: old buckets are still there before 1.24
		mapGrowing[i] = i
	}
}

func channels() {
	for i := 0; i < 7; i++ {
		chanBuffered <- tree(1, i)
	}
	<-chanBuffered
	chanStrings <- fmt.Sprint("buffered ", 1)
	chanStructs <- Outer{Next: &Outer{}, Iface: tree(1, 1)}
	chanClosed <- 1
	close(chanClosed)
	chanEmpty <- struct{}{}
	chanEmpty <- struct{}{}
}

func objects() {
	bigPointers = make([]*Node, 9000)
	for i := 0; i < len(bigPointers); i += 100 {
		bigPointers[i] = tree(1, 1)
	}
	bigStructs = make([]Outer, 3000)
	for i := 0; i < len(bigStructs); i += 50 {
		bigStructs[i] = Outer{Next: &Outer{}, Iface: i * 1000}
	}
	bigBytes = make([]byte, 300000)
	wide = &Wide{}
	wide.Head[39], wide.Tail[3] = tree(1, 1), fmt.Sprint("tail", 3)
	wides = make([]Wide, 5)
	wides[4].Head[0], wides[2].Tail[39] = tree(1, 1), fmt.Sprint("end", 2)
	huge = new(Huge)
	for i := 0; i < len(huge.Pointers); i += 999 {
		huge.Pointers[i] = new(int)
	}
	kilo = new(Kilo)
	for i := range kilo.Rows {
		kilo.Rows[i].P, kilo.Rows[i].S = new(int), fmt.Sprint("row", i)
	}
	for i := 0; i < 40; i++ {
		p := new(int8)
		*p = int8(i)
		tiny = append(tiny, p)
	}
	for i := 0; i < 100; i++ {
		listGlobal.PushBack(tree(1, 2))
	}
	for i := 0; i < 10; i++ {
		i, n := i, tree(2, i)
		buffer := make([]byte, 1000)
		closures = append(closures, func() int { return i + len(n.Data) + len(buffer) })
	}
	st := reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeOf([100]*Node{})},
		{Name: "B", Type: reflect.TypeOf("")},
	})
	v := reflect.New(st)
	v.Elem().Field(0).Index(50).Set(reflect.ValueOf(tree(1, 1)))
	reflected = v.Interface()
	keep = append(keep, reflect.MakeSlice(reflect.SliceOf(st), 3, 3).Interface())
	keep = append(keep, make([][]string, 200), make([]any, 300), make([]func(), 70), make([]map[string]int, 80),
		make([]struct {
			A int
			B *int
		}, 90), [700]*int{}, &[9]string{}, new(*Node), new(any), &struct{ P *int }{new(int)})
}

type finalized struct {
	name string
	next *Node
}

func finalizers() {
	for i := 0; i < 5; i++ {
		f := &finalized{fmt.Sprint("kept", i), tree(1, 1)}
		runtime.SetFinalizer(f, func(f *finalized) { _ = f.name })
		keep = append(keep, f)
	}
	t := new(int16) // in a tiny block
	runtime.SetFinalizer(t, func(*int16) {})
	keep = append(keep, t)
	// The first of these blocks the finalizer goroutine, the others stay queued.
	for i := 0; i < 10; i++ {
		f := &finalized{fmt.Sprint("dropped", i), tree(2, 1)}
		noteAt("alive", fmt.Sprint("queued-finalizer-", i), "", unsafe.Pointer(f))
		runtime.SetFinalizer(f, func(f *finalized) {
			<-never
			runtime.KeepAlive(f)
		})
	}
	time.AfterFunc(time.Hour, func() { fmt.Println(len(keep)) })
	keep = append(keep, time.NewTicker(time.Hour), time.NewTimer(time.Hour))
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	ctx = context.WithValue(ctx, "key", tree(1, 1))
	ctx2, cancel2 := context.WithCancel(ctx)
	keep = append(keep, ctx, cancel, ctx2, cancel2)
}

type stackBox struct {
	node  *Node
	other *stackBox
	words [5]*int
}

//go:noinline
func use(b *stackBox) int {
	if b.node != nil {
		return len(b.node.Name)
	}
	return 0
}

// deep has a stack object in every frame, and frames that point to the one above.
//
//go:noinline
func deep(depth int, above *stackBox) int {
	box := stackBox{node: tree(1, depth%7), other: above}
	box.words[depth%5] = new(int)
	var array [4]*Node
	array[depth%4] = tree(1, 1)
	defer func() { use(&box) }()
	n := use(&box)
	if depth == 0 {
		ready.Done()
		<-never
	} else {
		n += deep(depth-1, &box)
	}
	return n + len(array[depth%4].Name) + use(&box)
}

//go:noinline
func deferLoop(n int) {
	for i := 0; i < n; i++ {
		x := tree(1, i)
		defer func() { _ = x.Name }()
	}
	ready.Done()
	<-never
}

//go:noinline
func panicking() {
	local := tree(2, 2)
	defer func() {
		r := recover()
		held := tree(1, 1)
		ready.Done()
		<-never
		runtime.KeepAlive(r)
		runtime.KeepAlive(held)
		runtime.KeepAlive(local)
	}()
	panic(fmt.Errorf("wrapped: %w", gError))
}

func start(f func()) {
	ready.Add(1)
	go f()
}

// done is for goroutines that block inside the function itself.
func start2(f func()) {
	start(func() { ready.Done(); f() })
}

type receiver struct{ n *Node }

//go:noinline
func (r *receiver) wait(a *Node, b string, c ...any) {
	ready.Done()
	<-never
	runtime.KeepAlive(r)
	runtime.KeepAlive(a)
	runtime.KeepAlive(c)
	_ = b
}

//go:noinline
func generic[T any](v T, p *T) {
	ready.Done()
	<-never
	runtime.KeepAlive(v)
	runtime.KeepAlive(p)
}

func goroutines() {
	var mutex sync.Mutex
	var rw sync.RWMutex
	var wg sync.WaitGroup
	cond := sync.NewCond(&sync.Mutex{})
	mutex.Lock()
	rw.Lock()
	wg.Add(1)
	keep = append(keep, &mutex, &rw, &wg, cond)
	start(func() { deep(200, nil) })
	start(func() { deep(0, nil) })
	start(func() { deferLoop(20) })
	start(panicking)
	start2(func() { chanUnbuffered <- tree(1, 1) })
	start2(func() { chanUnbuffered <- tree(1, 2) })
	start2(func() {
		select {
		case n := <-never:
			fmt.Println(n)
		case chanUnbuffered <- tree(1, 3):
		}
	})
	start2(mutex.Lock)
	start2(rw.RLock)
	start2(wg.Wait)
	start2(func() { cond.L.Lock(); cond.Wait() })
	start2(func() { var c chan *Node; <-c })
	start2(func() { select {} })
	start2(func() { time.Sleep(time.Hour) })
	r := &receiver{tree(1, 1)}
	ready.Add(3)
	go r.wait(tree(1, 2), fmt.Sprint("b", 1), 1, "x", tree(1, 3))
	go generic(tree(1, 4), new(*Node))
	f := reflect.MakeFunc(reflect.TypeOf(func(*Node, string) int { return 0 }), func(args []reflect.Value) []reflect.Value {
		ready.Done()
		<-never
		return []reflect.Value{args[0]}
	}).Interface().(func(*Node, string) int)
	go f(tree(1, 5), fmt.Sprint("reflect", 1))
	ready.Add(1)
	go reflect.ValueOf(r).MethodByName("Wait2").Interface().(func(*Node))(tree(1, 6))
	reader, _, _ := os.Pipe()
	start2(func() { b := make([]byte, 10); reader.Read(b) })
	var fds [2]int
	syscall.Pipe(fds[:])
	start2(func() { b := make([]byte, 100); syscall.Read(fds[0], b); runtime.KeepAlive(b) })
	foreign()
	ready.Wait()
	time.Sleep(50 * time.Millisecond) // until they are all blocked
}

//go:noinline
func (r *receiver) Wait2(n *Node) {
	ready.Done()
	<-never
	runtime.KeepAlive(n)
	runtime.KeepAlive(r)
}

func fact(kind, name string, format string, args ...any) {
	fmt.Printf("fact %s %s %s\n", kind, name, fmt.Sprintf(format, args...))
}

func facts() {
	m := func(name string, m any) {
		v := reflect.ValueOf(m)
		fact("map", name, "addr=%#x entries=%d type=%q", v.Pointer(), v.Len(), v.Type())
	}
	m("main.gMap", gMap)
	m("main.mapStringInt", mapStringInt)
	m("main.mapIntPointer", mapIntPointer)
	m("main.mapStringAny", mapStringAny)
	m("main.mapAnyString", mapAnyString)
	m("main.mapBigValue", mapBigValue)
	m("main.mapBigKey", mapBigKey)
	m("main.mapEmptyValue", mapEmptyValue)
	m("main.mapSmall", mapSmall)
	m("main.mapEmpty", mapEmpty)
	m("main.mapDeleted", mapDeleted)
	m("main.mapOfMaps", mapOfMaps)
	m("main.mapGrowing", mapGrowing)
	m("main.mapFloat", mapFloat)
	m("main.mapArray", mapArray)
	m("main.mapBig", mapBig)
	m("main.mapEmptied", mapEmptied)
	m("main.mapReplaced", mapReplaced)
	m("main.retainedMap", retainedMap)
	m("main.retainedNoscan", retainedNoscan)
	c := func(name string, c any) {
		v := reflect.ValueOf(c)
		fact("chan", name, "addr=%#x length=%d capacity=%d type=%q", v.Pointer(), v.Len(), v.Cap(), v.Type())
	}
	c("main.chanBuffered", chanBuffered)
	c("main.chanUnbuffered", chanUnbuffered)
	c("main.chanStrings", chanStrings)
	c("main.chanClosed", chanClosed)
	c("main.chanStructs", chanStructs)
	c("main.chanEmpty", chanEmpty)
	o := func(name string, p any) {
		v := reflect.ValueOf(p)
		fact("object", name, "addr=%#x type=%q", v.Pointer(), v.Type().Elem())
	}
	o("main.gPointer", gPointer)
	o("main.wide", wide)
	o("main.huge", huge)
	o("main.kilo", kilo)
	o("main.gIface", gIface)
	o("main.retainedTree", retainedTree)
	o("main.listGlobal", listGlobal)
	bytes, objects := treeBytes(retainedTree)
	fact("retained", "main.retainedTree", "bytes=%d objects=%d", bytes, objects)
	fact("syncmap", "main.gSyncMap", "entries=50")
	fact("syncmap", "main.retainedSyncMap", "entries=150")
	fact("syncmap", "main.heldSyncMap", "entries=1")
	retainedFacts()
	heldFacts()
	goroutineFacts()
	fact("goroutines", "all", "count=%d", runtime.NumGoroutine())
}

// The world that starts again after the dump may want a thread more than there were, whose m, g0, gsignal and
// buffers the runtime would allocate. Threads stay: some that have nothing to do are taken first.
func spareThreads() {
	const count = 4
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	var blocked, done sync.WaitGroup
	blocked.Add(count)
	done.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			defer done.Done()
			blocked.Done()
			syscall.Read(pipe[0], make([]byte, 1)) // keeps its thread
		}()
	}
	blocked.Wait()
	time.Sleep(10 * time.Millisecond)
	syscall.Close(pipe[1])
	done.Wait()
	syscall.Close(pipe[0])
}

func main() {
	debug.SetGCPercent(-1) // no collection but ours: what is dead stays where it is
	retained()
	globals()
	maps()
	channels()
	objects()
	finalizers()
	held()
	newer()
	spareThreads()
	goroutines()
	runtime.GC()
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	garbage()
	facts()
	line := []byte("READY\n")
	if len(os.Args) > 1 && os.Args[1] != "-" {
		file, err := os.Create(os.Args[1])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if len(os.Args) > 2 { // what the collection sees is what is there
			runtime.GC()
		}
		debug.WriteHeapDump(file.Fd())
	}
	syscall.Write(1, line) // nothing may be allocated after the dump
	select {}
}
