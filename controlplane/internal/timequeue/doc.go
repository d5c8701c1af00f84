// Package timequeue has values by the time at which they are due: a Queue is a heap of Slots,
// each of which is the place of one value. Setting a time, moving it and taking a value out
// cost the logarithm of how many there are, and no allocation.
//
// It has no timer and no clock: whoever has a Queue asks it what is due. The package starts
// no goroutine and has no lock; a Queue is not safe for concurrent use.
package timequeue
