package main

import (
	"context"
	"encoding/json"
	"math/rand"
	"net/http"
	"time"
)

const (
	quoteTimeout    = 100 * time.Millisecond
	supplierFastest = 20 * time.Millisecond
	supplierSpread  = 160 * time.Millisecond
	quantities      = 500
)

// Price is what one piece costs when so many are ordered.
type Price struct {
	Quantity int
	Cents    int
}

// Quote is the supplier's answer: a price for each quantity.
type Quote struct {
	SKU    string
	Prices []Price
}

// askSupplier stands for a call to another company's service, which is not always quick.
func askSupplier(sku string) *Quote {
	time.Sleep(supplierFastest + time.Duration(rand.Int63n(int64(supplierSpread))))
	quote := &Quote{SKU: sku, Prices: make([]Price, quantities)}
	for i := range quote.Prices {
		quote.Prices[i] = Price{Quantity: i + 1, Cents: 900 - i}
	}
	return quote
}

// fetchQuote asks the supplier, but does not let the visitor wait for longer than ctx allows.
func fetchQuote(ctx context.Context, sku string) (*Quote, error) {
	answer := make(chan *Quote)
	go func() {
		answer <- askSupplier(sku)
	}()
	select {
	case quote := <-answer:
		return quote, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func showQuote(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), quoteTimeout)
	defer cancel()
	quote, err := fetchQuote(ctx, r.FormValue("sku"))
	if err != nil {
		http.Error(w, "the supplier did not answer in time", http.StatusGatewayTimeout)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(quote)
}
