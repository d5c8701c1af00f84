// Package terminal prepares what others have named for somebody's terminal: names of
// sockets, users, rooms and services come from browsers and services, and must not steer
// the terminal that shows them.
//
// Clean is for a table or a line, CleanLines for a message, JSON for what programs read too:
// it escapes and loses nothing.
//
// What it is not: a way to draw tables or colours.
//
// All functions are safe for concurrent use. The package starts no goroutine and holds
// no lock.
package terminal
