// Package descriptors keeps some of the process's file descriptors back, so that operators
// and services still reach a hub that browsers have filled.
//
//	0 ──────────────── browsers ───────────────┤ services ├ operators, files │ limit
//
// The kernel gives each new connection the smallest descriptor that is free. So a number
// at or beyond a bound says that all below it are in use: Listener closes such a connection at once,
// and connections of its kind never hold a descriptor beyond the bound. One more has to be free below it: a poller watches a
// duplicate, which takes the smallest one while the connection still has its own. That counts whatever
// the process has open, and costs no books.
//
// Of that come a counter, a warning, at most one in a second, and Full for /readyz, which asks the kernel
// and not the past. An error of accept is warned of too; who serves the listener tries again.
//
// What it is not: a limit of connections for each address, or one of sessions
// (`limits.max_sessions`).
//
// A Listener is safe for concurrent use, as every net.Listener. The package starts no
// goroutine. Its one lock, that of the warnings, is a leaf.
package descriptors
