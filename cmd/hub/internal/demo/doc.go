// Package demo is what `hub demo` has beyond `hub serve`: the chat page on the
// browser listener, and the chat service as a process of its own, so that it can
// be killed and started again while everybody stays connected.
//
//	hub demo ──── page at / ──────────────► browser tabs
//	    └─ child: hub demo service ──gRPC──► the same hub
//
// Guide prints what there is to try. Child starts the service once and never again:
// starting it is the visitor's part of the story.
//
// A Child has one goroutine, which waits for the process and ends with it; Stop
// waits for both. The child ends with its parent even when that is killed: it reads
// its standard input, a pipe that the parent never writes to, to the end.
package demo
