// Package handover is what listeners share that hand a connection on some time after they have accepted it: when its
// address may have another one, or when its header has been read.
//
//	below.Accept ─► Config.Take ─► (now, or later) Listener.Hand ─► Accept
//
// A Listener accepts on a goroutine of its own, so that nobody who waits delays another one. Nothing is queued: Hand waits
// for an Accept, and a connection that nobody asks for any more is closed.
//
// It is no limit: who may wait, how long, and how many do is the business of whoever takes the connections.
//
// # Goroutines and locks
//
// A listener has one goroutine from the first Accept until it is closed, and those that Go starts; Close waits for all of
// them. Its lock is a leaf.
package handover
