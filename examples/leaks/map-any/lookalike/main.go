// The same maps for what has no struct: sellers describe their products with attributes of their own choice, so each
// has other keys than the next.
package main

import (
	"encoding/json"
	"fmt"

	"leaks/rounds"
)

var attributes = map[string]map[string]interface{}{}

func feed(i int) []byte {
	return []byte(fmt.Sprintf(`{"attribute-%d": %d.5, "attribute-%d": "yes", "attribute-%d": null}`,
		i%997, i, (i*7)%991, (i*31)%983))
}

func load(i int) error {
	var document map[string]interface{}
	if err := json.Unmarshal(feed(i), &document); err != nil {
		return err
	}
	attributes[fmt.Sprint("p-", i)] = document
	return nil
}

func main() {
	rounds.Run(func() {
		for i := 0; i < 3000; i++ {
			if err := load(i); err != nil {
				panic(err)
			}
		}
	})
}
