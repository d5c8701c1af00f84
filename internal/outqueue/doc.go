// Package outqueue is what waits to be sent on a stream of envelopes, at both of its
// ends: the hub's items and the service's actions.
//
// A Queue is one list with two marks:
//
//	entries:   sent, without a receipt  |  taken, not numbered  |  waiting
//	           ^ head                     ^ numbered              ^ taken
//
// Push and Offer add at the end, from any goroutine. Take hands what waits to the one
// goroutine that sends, up to a batch: as much as gathered while it was busy, so that
// batches come from back-pressure and never from a timer. Number gives a number to an
// envelope of entries that were taken. While Keep is on, they stay until the other
// end's receipt comes (Ack); after a broken stream, Rewind puts the rest back in front
// of what waits, and counting goes on after the last receipt. Without Keep an entry is
// forgotten when it is numbered.
//
// # Bounds
//
// The caller says with each Offer how much may be there; Push is for what is bounded
// elsewhere (by a window). What is kept for a receipt has a limit of its own: beyond
// it everything kept is forgotten and Rewind fails, so that a peer that gives no
// receipts costs a limit and its resume, never more.
//
// # Goroutines and locks
//
// None of its own. All methods are safe for concurrent use, but Take and Number belong
// to one goroutine at a time. The mutex is a leaf.
package outqueue
