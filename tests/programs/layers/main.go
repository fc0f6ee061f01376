// Layers has goroutines that wait deep in the standard library, called by code of its own, or started by the
// library itself. "fact top CASE function=NAME" tells which function says most about them.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"layers/inner"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.HandleFunc("/answer", func(http.ResponseWriter, *http.Request) {})
	go serve(listener)
	answer, err := http.Get("http://" + listener.Addr().String() + "/answer")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	answer.Body.Close() // the connection is kept, by both sides
	reader, _ := io.Pipe()
	go inner.Read(reader)
	fmt.Println("fact top own function=main.serve")
	fmt.Println("fact top inner function=layers/inner.Read")
	fmt.Println("fact top client function=net/http.(*persistConn).readLoop")
	fmt.Println("fact top server function=net/http.(*conn).serve")
	fmt.Println("READY")
	select {}
}

func serve(listener net.Listener) {
	http.Serve(listener, nil)
}
