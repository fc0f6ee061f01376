package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// The connections of a database that does nothing.
type nothing struct{}

func (nothing) Open(string) (driver.Conn, error)             { return nothing{}, nil }
func (nothing) Connect(context.Context) (driver.Conn, error) { return nothing{}, nil }
func (nothing) Driver() driver.Driver                        { return nothing{} }
func (nothing) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("no statements") }
func (nothing) Begin() (driver.Tx, error)                    { return nil, errors.New("no transactions") }
func (nothing) Close() error                                 { return nil }

// The kernel wakes these, or who reads from it does.
func init() {
	healthy["signal-handler"] = func(c *healthyCase) {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGUSR1)
		c.goes(func() { <-signals })
		c.goes(func() { c.sleeps(); syscall.Kill(os.Getpid(), syscall.SIGUSR1) })
	}
	healthy["exec-with-pipes"] = func(c *healthyCase) {
		cat := exec.Command("cat")
		in, err := cat.StdinPipe()
		if err != nil {
			panic(err)
		}
		cat.Stdout = &discard{}
		if err := cat.Start(); err != nil {
			panic(err)
		}
		c.goes(func() { cat.Wait() })
		c.goes(func() { c.sleeps(); in.Close() })
	}
	healthy["http"] = func(c *healthyCase) {
		release := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-release
			}
		}))
		get := func(path string) {
			answer, err := http.Get(server.URL + path)
			if err != nil {
				panic(err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close() // the connection stays, idle
		}
		get("/quick")
		c.goes(func() { get("/slow") })
		c.goes(func() { c.sleeps(); close(release) })
	}
	healthy["net-pipe"] = func(c *healthyCase) {
		here, there := net.Pipe()
		c.goes(func() { io.Copy(io.Discard, here) })
		c.goes(func() { c.sleeps(); there.Close() })
	}
	healthy["io-pipe"] = func(c *healthyCase) {
		reader, writer := io.Pipe()
		c.goes(func() { writer.Write(make([]byte, 10)); writer.Close() })
		c.goes(func() { c.sleeps(); io.ReadAll(reader) })
	}
	healthy["listener"] = func(c *healthyCase) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		c.goes(func() { listener.Accept() })
		c.goes(func() { c.sleeps(); listener.Close() })
	}
	healthy["sql-pool"] = func(c *healthyCase) {
		db := sql.OpenDB(nothing{})
		db.SetMaxOpenConns(1)
		use := func() {
			conn, err := db.Conn(context.Background())
			if err != nil {
				panic(err)
			}
			c.sleeps()
			conn.Close()
		}
		for i := 0; i < 3; i++ {
			c.goes(use)
		}
	}
}

type discard struct{}

func (*discard) Write(bytes []byte) (int, error) { return len(bytes), nil }
