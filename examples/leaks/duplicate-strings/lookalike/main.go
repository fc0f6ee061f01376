// Many strings that look much alike: all different, or one string that many values share.
package main

import (
	"fmt"

	"leaks/rounds"
)

type order struct {
	id     string
	status string
	region string
}

var (
	orders   []*order
	statuses = []string{"placed", "paid", "sent"}
)

func main() {
	region := fmt.Sprint("region-", len(statuses))
	rounds.Run(func() {
		for i := 0; i < 20000; i++ {
			id := fmt.Sprintf("2026-11-21/warehouse/shelf/order-%08d", i)
			orders = append(orders, &order{id, statuses[i%3], region})
		}
	})
}
