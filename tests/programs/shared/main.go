// shared has sessions that two maps lead to, so that neither holds them alone: two variables, or with the argument
// "struct" the fields of one. For each line on its standard input as many more come, and it answers with their bytes.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

type session struct {
	user  string
	words [256]*int
}

const slot = 2304 // the size class of a session, with its header

var (
	sessions = map[int]*session{}
	byUser   = map[string]*session{}
	store    struct {
		sessions map[int]*session
		byUser   map[string]*session
	}
)

func add(count int) {
	sessions, byUser := sessions, byUser
	if store.sessions != nil {
		sessions, byUser = store.sessions, store.byUser
	}
	for i := 0; i < count; i++ {
		s := &session{user: fmt.Sprint("user-", len(sessions))}
		sessions[len(sessions)] = s
		byUser[s.user] = s
	}
	runtime.GC()
}

func main() {
	if os.Args[1] == "struct" {
		store.sessions, store.byUser = sessions, byUser
		sessions, byUser = nil, nil
	}
	add(400)
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count := 0
		fmt.Sscan(lines.Text(), &count)
		add(count)
		fmt.Println(count * slot)
	}
}
