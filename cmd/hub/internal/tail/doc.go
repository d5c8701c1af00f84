// Package tail watches a hub: it attaches as an observer, like any service that asks for
// copies, and prints each observation as a line.
//
//	hub ─► receive ─► queue ─► Run ─► show ─► Row ─► Row.Text, or JSON
//
// Run owns the stream from the hello to its end. Whoever shows may be slow, such as a
// pager at rest: receive goes on, what the queue has no room for is left out and counted,
// and the next observation says how many those were, like those that the hub left out.
//
// What it is not: a second road. There is nothing in it that a service could not do with
// the contract; what the identity may not observe is not seen.
//
// Run has two goroutines, receive and beat, which are the only ones that read and write
// the stream; both end before Run returns. The package holds no lock.
package tail
