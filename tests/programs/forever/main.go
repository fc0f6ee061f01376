// forever is kept from ending by its first goroutine, in the way that the argument says.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}()
	fmt.Println("READY")
	if os.Args[1] == "nil" {
		var forever chan struct{}
		<-forever
	}
	select {}
}
