// A struct: no tables, no boxes, no keys. It is what silt schema prints of the leaky program.
package main

import (
	"encoding/json"
	"fmt"

	"leaks/rounds"
)

type product struct {
	Discount *float64    `json:"discount,omitempty"`
	ID       string      `json:"id"`
	InStock  bool        `json:"in_stock"`
	Name     string      `json:"name"`
	Price    float64     `json:"price"`
	Rating   interface{} `json:"rating"`
	Size     size        `json:"size"`
	Tags     []string    `json:"tags"`
}

type size struct {
	Height float64 `json:"height"`
	Unit   string  `json:"unit"`
	Width  float64 `json:"width"`
}

var catalog = map[string]*product{}

func feed(i int) []byte {
	optional := ""
	if i%3 == 0 {
		optional = `"discount": 0.25,`
	}
	return []byte(fmt.Sprintf(`{"id": "p-%d", "name": "Product %d", "price": %d.5, "in_stock": %t, %s
		"size": {"width": %d, "height": 7, "unit": "cm"}, "tags": ["new", "blue"], "rating": null}`,
		i, i, i, i%2 == 0, optional, i))
}

func load(line []byte) error {
	var product product
	if err := json.Unmarshal(line, &product); err != nil {
		return err
	}
	catalog[product.ID] = &product
	return nil
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 3000; i++ {
			if err := load(feed(i)); err != nil {
				panic(err)
			}
		}
	})
}
