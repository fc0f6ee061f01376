// Secrets are bytes in objects without pointers of every size. They share spans with the channels that goroutines
// wait for, and take turns with objects that have pointers, so that pages that held secrets get other uses. What
// the secrets are is computed in their place: no variable, no constant and no stack has them.
//
// It prints "fact secret bytes hex=...", the first bytes of every secret, then READY. Every line that it reads it
// answers with the same line.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"time"
)

const (
	secretTold = 32
	kept       = 2000
	waiting    = 50
	pause      = time.Millisecond
)

type Linked struct {
	next *Linked
	rest [10]*Linked
}

var (
	secrets  [kept][]byte
	pointers [kept]*Linked
	tables   [kept / 20][]*Linked
)

func makeSecret(size int) []byte {
	secret := make([]byte, size)
	for i := range secret {
		secret[i] = 0x80 | byte(i*i+3*i)%61
	}
	return secret
}

// Size classes from 32 bytes to 8 KiB, and large objects.
func changeSecrets() {
	r := rand.New(rand.NewSource(1))
	for {
		for i := 0; i < 20; i++ {
			secrets[r.Intn(kept)] = makeSecret(secretTold + r.Intn(96) + 1<<uint(r.Intn(15)))
		}
		time.Sleep(pause)
	}
}

func changePointers() {
	r := rand.New(rand.NewSource(2))
	for {
		for i := 0; i < 20; i++ {
			at := r.Intn(kept)
			pointers[at] = &Linked{next: pointers[r.Intn(kept)]}
			pointers[at].next = nil
			tables[at/20] = make([]*Linked, 8<<uint(r.Intn(10)))
		}
		time.Sleep(pause)
	}
}

// Channels without a buffer are objects of 96 bytes without pointers.
func changeChannels() {
	for {
		channel := make(chan struct{})
		for i := 0; i < waiting; i++ {
			own := make(chan struct{})
			go func() {
				select {
				case <-channel:
				case <-own:
				}
			}()
		}
		time.Sleep(pause)
		close(channel)
	}
}

func main() {
	go changeSecrets()
	go changePointers()
	go changeChannels()
	time.Sleep(time.Second)
	told := makeSecret(secretTold)
	fmt.Printf("fact secret bytes hex=%x\n", told)
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
}
