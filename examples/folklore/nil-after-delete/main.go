// Claim: m[k] = nil helps, because delete leaves the value in the map.
//
// delete clears the slot. Setting the value to nil before it changes nothing; after it, it puts the key back.
package main

import "folklore/step"

type session struct{ data [100]byte }

var (
	onlyDeleted = map[int]*session{}
	nilBefore   = map[int]*session{}
	nilAfter    = map[int]*session{}
)

func main() {
	for i := 0; i < 5000; i++ {
		onlyDeleted[i], nilBefore[i], nilAfter[i] = &session{}, &session{}, &session{}
	}
	step.Run(func() {
		for i := 0; i < 5000; i++ {
			delete(onlyDeleted, i)

			nilBefore[i] = nil
			delete(nilBefore, i)

			delete(nilAfter, i)
			nilAfter[i] = nil
		}
	})
}
