// Package trace is how a program hears what happens inside the control plane: for its
// metrics, and for tests.
//
// Hooks has one function for each kind of thing, those of streams in StreamHooks; the
// caller sets those that it wants to hear. The words that they are told (Kind, Outcome,
// Drop, …) are fit to be labels of metrics: there are few of each, and browsers choose
// none.
//
// A Tracer is the other end: it calls the functions that are there.
//
// It is not the log, has no spans, and nothing that it is told goes over a network. The
// package starts no goroutine and has no lock; the functions are called from many
// goroutines at the same time.
package trace
