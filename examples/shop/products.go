package main

import (
	"bytes"
	"html/template"
	"net/http"
)

// Product is something that a picture can be printed on.
type Product struct {
	SKU   string
	Name  string
	Cents int
}

var products = []Product{
	{"poster-a2", "Poster, 42 x 59 cm", 1490},
	{"poster-a1", "Poster, 59 x 84 cm", 1990},
	{"canvas-30", "Canvas, 30 x 30 cm", 3490},
	{"canvas-60", "Canvas, 60 x 60 cm", 5990},
	{"mug-white", "Mug, white", 1290},
	{"puzzle-500", "Puzzle, 500 pieces", 2490},
	{"calendar", "Calendar, 13 pages", 2290},
	{"postcards", "Postcards, 25 of one picture", 990},
}

var front = template.Must(template.New("front").Parse(`<!DOCTYPE html>
<title>Prints of your pictures</title>
<h1>{{.Greeting}}</h1>
<table>
{{range .Products}}<tr><td>{{.Name}}</td><td>{{.Cents}} ct</td>
<td><form action="/quote"><input type="hidden" name="sku" value="{{.SKU}}">
<button>Ask for a price</button></form></td></tr>
{{end}}</table>
`))

// renderFront makes the front page in the visitor's language.
func renderFront(greeting string) []byte {
	var page bytes.Buffer
	err := front.Execute(&page, struct {
		Greeting string
		Products []Product
	}{greeting, products})
	if err != nil {
		return []byte("Sorry, the shop is closed.\n")
	}
	return page.Bytes()
}

func showProducts(w http.ResponseWriter, r *http.Request) {
	session := sessionOf(w, r)
	session.note(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(session.Front)
}
