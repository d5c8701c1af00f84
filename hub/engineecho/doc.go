// Package engineecho serves Engine.IO without Socket.IO: every message goes back
// unchanged. It is the server that the public Engine.IO protocol suite expects, and
// what cmd/conformance serves with -engine.
//
// What it is not: a way to build on Engine.IO. The hub's own Engine.IO server has
// its settings and its sessions in hub/internal/engineio and shows them to nobody
// else; this package has what the suite needs, and no more.
//
// The main type is Server, an http.Handler. It is safe for concurrent use, holds no
// lock and starts no goroutine of its own; those of the sessions are engineio's, and
// Server.Close waits for them.
package engineecho
