// Load sends the visitors of examples/shop: some look at the products, some ask for a price, some upload
// a picture.
//
//	load -url http://ADDRESS [-for 10s]
//
// It says every two seconds how far it is, and ends with a line of counts "sent KIND=NUMBER...".
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	progressInterval = 2 * time.Second
	requestTimeout   = 30 * time.Second
	idleConnections  = 100
)

// stream sends visitors of one kind at an even rate until stop is closed, then waits for the last one.
func stream(perSecond int, visit func(), stop <-chan struct{}) {
	var visitors sync.WaitGroup
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			visitors.Add(1)
			go func() {
				defer visitors.Done()
				visit()
			}()
		case <-stop:
			visitors.Wait()
			return
		}
	}
}

func showProgress(counts *counts, length time.Duration, stop <-chan struct{}) {
	start := time.Now()
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			fmt.Printf("%2.0f s of %.0f: %s\n", time.Since(start).Seconds(), length.Seconds(), counts.text())
		case <-stop:
			return
		}
	}
}

func main() {
	url := flag.String("url", "", "address of the shop")
	length := flag.Duration("for", 10*time.Second, "how long")
	flag.Parse()
	if *url == "" || *length <= 0 {
		flag.Usage()
		os.Exit(2)
	}

	client := &http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: idleConnections},
	}
	shop := &shop{url: *url, client: client}
	if err := shop.look(); err != nil {
		log.Fatalf("the shop does not answer: %v", err)
	}
	stop := make(chan struct{})
	var streams sync.WaitGroup
	for _, kind := range shop.kinds() {
		kind := kind
		streams.Add(1)
		go func() {
			defer streams.Done()
			stream(kind.perSecond, kind.visit, stop)
		}()
	}
	go showProgress(&shop.counts, *length, stop)
	time.Sleep(*length)
	close(stop)
	streams.Wait()
	fmt.Println(shop.counts.summary())
	if shop.counts.failed.Load() > 0 {
		os.Exit(1)
	}
}
