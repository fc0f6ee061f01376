package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

const (
	productsPerSecond = 400
	quotesPerSecond   = 100
	uploadsPerSecond  = 20
	pictureBytes      = 100 << 10
)

type counts struct {
	products atomic.Int64
	quotes   atomic.Int64
	late     atomic.Int64 // of the quotes: not answered in time
	uploads  atomic.Int64
	failed   atomic.Int64
}

func (c *counts) text() string {
	return fmt.Sprintf("%d pages, %d quotes (%d too late), %d uploads, %d failed",
		c.products.Load(), c.quotes.Load(), c.late.Load(), c.uploads.Load(), c.failed.Load())
}

func (c *counts) summary() string {
	return fmt.Sprintf("sent pages=%d quotes=%d late=%d uploads=%d failed=%d",
		c.products.Load(), c.quotes.Load(), c.late.Load(), c.uploads.Load(), c.failed.Load())
}

// shop is the service that is visited. No visitor keeps cookies, as crawlers and health checks do not.
type shop struct {
	url    string
	client *http.Client
	counts counts
}

// kind is a kind of visitor, and how many of them come.
type kind struct {
	perSecond int
	visit     func()
}

func (s *shop) kinds() []kind {
	return []kind{
		{productsPerSecond, func() { s.count(s.look()) }},
		{quotesPerSecond, func() { s.count(s.quote()) }},
		{uploadsPerSecond, func() { s.count(s.upload()) }},
	}
}

func (s *shop) count(err error) {
	if err != nil {
		s.counts.failed.Add(1)
	}
}

// finish reads an answer to its end and says what its status was.
func finish(response *http.Response, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func expect(expected, status int, err error) error {
	if err == nil && status != expected {
		err = fmt.Errorf("the shop answers with status %d", status)
	}
	return err
}

func (s *shop) look() error {
	status, err := finish(s.client.Get(s.url + "/"))
	s.counts.products.Add(1)
	return expect(http.StatusOK, status, err)
}

func (s *shop) quote() error {
	status, err := finish(s.client.Get(s.url + "/quote?sku=poster-a2"))
	s.counts.quotes.Add(1)
	if status == http.StatusGatewayTimeout {
		s.counts.late.Add(1)
		return err
	}
	return expect(http.StatusOK, status, err)
}

func (s *shop) upload() error {
	picture := bytes.NewReader(make([]byte, pictureBytes))
	status, err := finish(s.client.Post(s.url+"/pictures", "image/jpeg", picture))
	s.counts.uploads.Add(1)
	return expect(http.StatusCreated, status, err)
}
