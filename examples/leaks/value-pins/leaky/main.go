// silt: value-pins, main.recent.visits
//
// The last visit of each user is remembered: when it was, and from where. The address is read from the request when
// somebody asks for it, so every entry keeps its whole request, with headers, form and context.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"leaks/rounds"
)

type visit struct {
	at      time.Time
	request *http.Request
}

func (v *visit) from() string {
	return v.request.RemoteAddr
}

type visits struct {
	lock   sync.Mutex
	visits map[string]*visit
}

var recent = visits{visits: map[string]*visit{}}

func (v *visits) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	user := request.FormValue("user")
	v.lock.Lock()
	v.visits[user] = &visit{at: time.Now(), request: request}
	v.lock.Unlock()
}

func post(user string) *http.Request {
	form := url.Values{"user": {user}, "comment": {strings.Repeat("what "+user+" says. ", 40)}}
	request := httptest.NewRequest("POST", "/comment", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "browser of "+user)
	return request
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 1000; i++ {
			recent.ServeHTTP(httptest.NewRecorder(), post(fmt.Sprint("user-", i)))
		}
	})
}
