// Entries that are large because that is what they are for: a cache of answers keeps their bodies, and the table of
// requests that are being served keeps these, as long as a goroutine serves them.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"leaks/rounds"
)

type answer struct {
	expires time.Time
	kind    string
	body    []byte
}

type flight struct {
	since   time.Time
	request *http.Request
}

var (
	lock    sync.Mutex
	answers = map[string]*answer{}
	flights = map[int]*flight{}
	sleep   = make(chan bool)
)

func serve(number int, request *http.Request) {
	lock.Lock()
	flights[number] = &flight{time.Now(), request}
	lock.Unlock()
	<-sleep
	fmt.Println(request.Header)
}

func main() {
	for i := 0; i < 40; i++ {
		request := httptest.NewRequest("GET", "/slow", strings.NewReader(strings.Repeat("text", 500)))
		request.Header.Set("Cookie", strings.Repeat("crumb=1; ", 300)+fmt.Sprint(i))
		go serve(i, request)
	}
	rounds.Run(func() {
		for i := 0; i < 400; i++ {
			page := strings.Repeat(fmt.Sprint("line of page ", i, "\n"), 300)
			answers[fmt.Sprint("/page/", i)] = &answer{time.Now().Add(time.Hour), "text/plain", []byte(page)}
		}
	})
	close(sleep)
}
