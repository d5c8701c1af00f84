// Package virtualtime lets the time of a test pass that runs in a bubble of
// testing/synctest. It is for tests alone, and for nothing outside of a bubble: there a
// test waits for a condition instead of for time.
//
// It has one function, [Pass]; it starts no goroutine and has no lock.
package virtualtime
