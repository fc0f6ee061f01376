// silt: map-any, main.catalog
//
// The products of a feed are decoded into maps, because that needs no type. Each number gets a box, each product a
// hash table and its own copy of all keys.
package main

import (
	"encoding/json"
	"fmt"

	"leaks/rounds"
)

var catalog = map[string]map[string]interface{}{}

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
	var product map[string]interface{}
	if err := json.Unmarshal(line, &product); err != nil {
		return err
	}
	catalog[product["id"].(string)] = product
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
