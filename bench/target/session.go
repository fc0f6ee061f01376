package main

import (
	"container/list"
	"context"
	"fmt"
	"math/rand"
	"strconv"
	"sync"
	"time"
)

type User struct {
	ID    int64
	Name  string
	Email string
	Roles []string
}

type Attr struct {
	Key    string
	Val    int64
	Labels []string
}

type Item struct {
	SKU   string
	Qty   int32
	Price float64
	Attr  *Attr
	Next  *Item
}

type Session struct {
	ID      string
	User    *User
	Token   []byte
	Created time.Time
	Data    map[string]interface{}
	Items   []*Item
	ctx     context.Context
	elem    *list.Element
	mu      sync.Mutex
	hits    uint64
	peer    *Session
	onClose func() string
}

type ctxKey string

var baseCtx = context.WithValue(context.Background(), ctxKey("service"), "target")

func randomText(r *rand.Rand, length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	text := make([]byte, length)
	for i := range text {
		text[i] = letters[r.Intn(len(letters))]
	}
	return string(text)
}

func newUser(r *rand.Rand, number int) *User {
	return &User{
		ID:    int64(number),
		Name:  randomText(r, 8+r.Intn(16)),
		Email: randomText(r, 10) + "@example.org",
		Roles: []string{"user", randomText(r, 6)},
	}
}

// newData is a map as decoded JSON has; that of each sixteenth session is large.
func newData(r *rand.Rand, number int, user *User) map[string]interface{} {
	data := map[string]interface{}{
		"lang":  "en-" + randomText(r, 2),
		"cart":  float64(r.Intn(1000)) / 10,
		"flags": []string{randomText(r, 5), randomText(r, 9)},
		"prefs": map[string]interface{}{
			"theme": randomText(r, 12),
			"size":  r.Intn(100),
			"user":  user,
		},
	}
	if number%16 == 0 {
		for i := 0; i < 24; i++ {
			data["k"+strconv.Itoa(i)] = randomText(r, 20)
		}
	}
	return data
}

// newItems is a slice of items that are a linked list as well.
func newItems(r *rand.Rand) []*Item {
	var items []*Item
	var previous *Item
	count := 1 + r.Intn(6)
	for i := 0; i < count; i++ {
		previous = &Item{
			SKU:   randomText(r, 12),
			Qty:   int32(i),
			Price: r.Float64(),
			Attr:  &Attr{Key: randomText(r, 7), Val: int64(i), Labels: []string{randomText(r, 4)}},
			Next:  previous,
		}
		items = append(items, previous)
	}
	return items
}

func newContext(r *rand.Rand, user *User) context.Context {
	ctx := context.WithValue(baseCtx, ctxKey("reqid"), randomText(r, 16))
	for depth := r.Intn(4); depth > 0; depth-- {
		ctx = context.WithValue(ctx, ctxKey("k"+strconv.Itoa(depth)), user)
	}
	return ctx
}

func newSession(r *rand.Rand, number int) *Session {
	user := newUser(r, number)
	session := &Session{
		ID:      fmt.Sprintf("sess-%08d-%s", number, randomText(r, 8)),
		User:    user,
		Token:   make([]byte, 64+r.Intn(192)),
		Created: time.Now(),
		Data:    newData(r, number, user),
		Items:   newItems(r),
		ctx:     newContext(r, user),
	}
	session.onClose = func() string { return session.ID + user.Name }
	return session
}
