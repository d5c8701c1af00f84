// Package shorttime writes durations as people write them in configurations: 1m, not
// 1m0s. Both the package hub and the program's configuration show options so.
//
// It has one function, [Text]; it starts no goroutine and has no lock.
package shorttime
