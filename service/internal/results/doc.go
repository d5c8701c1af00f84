// Package results keeps the places that commands of one attachment have for their
// answers. The hub's command window is the number of places: who finds none waits, and
// a place that nobody waits at any more is taken until its last result has come, because
// the hub counts the same.
//
// It sends nothing: the package service queues the command once its place is reserved,
// and hands over each result that comes. Its main type is [Table]. It starts no
// goroutine; the one lock is a leaf.
package results
