package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	largestPicture = 16 << 20
	printingTime   = time.Second
)

var lastOrder atomic.Int64

// printPicture stands for the printer: it takes its time and then says that the order is shipped.
func printPicture(order string, picture []byte) {
	time.AfterFunc(printingTime, func() {
		publish(Event{Order: order, State: "shipped", At: time.Now()})
	})
}

// upload takes the picture of a new order, and logs when that order has been shipped.
func upload(w http.ResponseWriter, r *http.Request) {
	picture, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestPicture))
	if err != nil {
		http.Error(w, "the picture did not arrive", http.StatusBadRequest)
		return
	}
	order := fmt.Sprintf("order-%06d", lastOrder.Add(1))
	subscribe(func(event Event) {
		if event.Order == order {
			log.Printf("%s %s, a picture of %d bytes", order, event.State, len(picture))
		}
	})
	printPicture(order, picture)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintln(w, order)
}
