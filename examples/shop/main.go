// Shop sells prints of its visitors' pictures: an example of a service that leaks.
//
//	shop [-listen ADDRESS]
//
// When it is ready it says so on stdout, with its address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const shutdownTimeout = 5 * time.Second

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", showProducts)
	mux.HandleFunc("/quote", showQuote)
	mux.HandleFunc("/pictures", upload)
	return mux
}

func serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		server.Shutdown(deadline)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func main() {
	address := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("READY http://%s\n", listener.Addr())
	if err := serve(ctx, listener); err != nil {
		log.Fatal(err)
	}
}
