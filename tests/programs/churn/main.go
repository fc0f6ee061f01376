// Churn [SPACE] changes linked structures all the time, in an order of which every instant keeps some facts true. A
// snapshot that mixes two instants breaks them. Meanwhile it allocates and collects, so that spans change
// their size class and the heap grows and shrinks.
//
// What is true at every instant, whatever is being done:
//   - cells, each on pages of its own: their rounds are r, ..., r, r-1, ..., r-1 in the order of the table.
//   - the list: its nodes are numbered downwards by one, and there are as many as the counter says, or one more.
//   - the blocks: each pointer of a block leads to the mark that the block begins with.
//   - the map: it has as many entries as the counter says, or one more.
//
// It says where these are, "fact address NAME addr=0x...", and where the fields lie, "fact offset NAME
// bytes=...", then READY. Every line that it reads it answers with the same line. SPACE bytes more it has and never
// touches.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	cellCount   = 1000
	cellBytes   = 8192
	listLongest = 20000
	mapLongest  = 5000
	blockCount  = 4
	blockLength = 150000 // pointers: more than a megabyte
	gcPercent   = 50
	secretBytes = 1 << 16
	secretTold  = 64
)

type Cell struct {
	round uint64
	self  *Cell
	rest  [cellBytes - 16]byte
}

type Node struct {
	next   *Node
	number uint64
	rest   [100]*Node
}

type Mark struct{ generation, opposite uint64 }

type Block struct {
	mark     *Mark
	pointers [blockLength]*Mark
}

var (
	cells     [cellCount]*Cell
	head      unsafe.Pointer // *Node
	listCount uint64
	blocks    [blockCount]unsafe.Pointer // *Block
	entries   = map[uint64]*Node{}
	mapCount  uint64
	garbage   [4]any
	secret    = make([]byte, secretBytes)
)

func turnCells() {
	for round := uint64(1); ; round++ {
		for _, cell := range cells {
			atomic.StoreUint64(&cell.round, round)
		}
	}
}

func push(number uint64) {
	node := &Node{next: (*Node)(head), number: number}
	atomic.StorePointer(&head, unsafe.Pointer(node))
	atomic.AddUint64(&listCount, 1)
}

func pop() {
	atomic.AddUint64(&listCount, ^uint64(0))
	atomic.StorePointer(&head, unsafe.Pointer((*Node)(head).next))
}

func growAndShrink() {
	r := rand.New(rand.NewSource(1))
	for {
		longest := uint64(r.Intn(listLongest))
		for listCount < longest {
			push(listCount)
		}
		for listCount > longest/4 {
			pop()
		}
	}
}

func replaceBlocks() {
	for generation := uint64(1); ; generation++ {
		block := &Block{mark: &Mark{generation, ^generation}}
		for i := range block.pointers {
			block.pointers[i] = block.mark
		}
		atomic.StorePointer(&blocks[generation%blockCount], unsafe.Pointer(block))
	}
}

func changeMap() {
	for {
		for key := uint64(0); key < mapLongest; key++ {
			entries[key] = &Node{number: key}
			atomic.AddUint64(&mapCount, 1)
		}
		for key := uint64(0); key < mapLongest; key++ {
			atomic.AddUint64(&mapCount, ^uint64(0))
			delete(entries, key)
		}
	}
}

// What no file of silt may hold: it is written again and again, and never anywhere else.
func writeSecret() {
	for {
		for i := range secret {
			secret[i] = 0x80 | byte(i*i+3*i)%61
		}
		time.Sleep(time.Millisecond)
	}
}

// Objects of all sizes, with pointers and without: their spans become free and get other uses.
func litter(kind int) {
	r := rand.New(rand.NewSource(int64(kind)))
	for {
		size := 1 << uint(3+r.Intn(14))
		if r.Intn(2) == 0 {
			garbage[kind] = make([]byte, size)
		} else {
			garbage[kind] = make([]*Node, size/8)
		}
	}
}

func tell(name string, address unsafe.Pointer) {
	fmt.Printf("fact address %s addr=%#x\n", name, uintptr(address))
}

func tellWhere() {
	fmt.Printf("fact secret bytes hex=%x\n", secret[:secretTold])
	tell("cells", unsafe.Pointer(&cells))
	tell("head", unsafe.Pointer(&head))
	tell("list_count", unsafe.Pointer(&listCount))
	tell("blocks", unsafe.Pointer(&blocks))
	tell("map", *(*unsafe.Pointer)(unsafe.Pointer(&entries)))
	tell("map_count", unsafe.Pointer(&mapCount))
	fmt.Printf("fact offset number bytes=%d\n", unsafe.Offsetof(Node{}.number))
	fmt.Printf("fact offset pointers bytes=%d\n", unsafe.Offsetof(Block{}.pointers))
	fmt.Printf("fact count cells of=%d\n", cellCount)
	fmt.Printf("fact count blocks of=%d\n", blockCount)
	fmt.Printf("fact count pointers of=%d\n", blockLength)
}

// Outside of the heap, whose collections would be put off.
func mapSpace(text string) {
	bytes, err := strconv.Atoi(text)
	if err == nil {
		_, err = syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	debug.SetGCPercent(gcPercent)
	if len(os.Args) > 1 {
		mapSpace(os.Args[1])
	}
	go writeSecret()
	time.Sleep(100 * time.Millisecond)
	for i := range cells {
		cells[i] = &Cell{}
		cells[i].self = cells[i]
	}
	tellWhere()
	go turnCells()
	go growAndShrink()
	go replaceBlocks()
	go changeMap()
	for kind := range garbage {
		go litter(kind)
	}
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
}
