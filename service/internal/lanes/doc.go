// Package lanes runs work that has an order within its lane and none beside it: one
// lane for each key that has work, one piece of a lane at a time, lanes in the order in
// which they became ready.
//
//	Add ──► lane ──► ready ──► worker: take, Run, finish, take, …
//
// Workers come and go with what is ready; two that have nothing to do stay for the next
// burst. A worker that takes a piece starts the next worker first if more is ready and none is
// on its way: a piece that blocks holds up nobody, and quick ones are run through by one
// worker without a goroutine for each.
//
// It knows neither sockets nor deliveries: the package service gives it those, with a
// socket's id as the key. It bounds how much runs, not how much is queued; the window
// of the hub does that.
//
// # Goroutines and locks
//
// Workers, at most as many as New was told, and two parked ones, which Close ends; nobody
// waits for them but by [Lanes.WhenIdle]. A piece may end its goroutine (runtime.Goexit):
// its lane goes on. The one lock is a leaf, held while a Work says its Key, whether it is
// Concurrent or Last, and whether it matches.
package lanes
