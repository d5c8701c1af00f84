// Package client is how the commands of `hub` that are not the hub itself (emit, kick,
// sockets, rooms, users, forget, tail) reach the control listener of one that runs.
//
//	options ─► Dial ─► Client ─► Control, Attach: the calls of hub.v1
//	                     └─────► Explain: their errors as a sentence that helps
//
// Options say where the hub is, who asks and how TLS is spoken; they have the names of
// the flags, and errors name the flag or the permission that helps. Dial opens nothing:
// the first call does, and its error, once explained, tells a hub that is not there from
// a port for browsers, from TLS on one side alone, and from a wrong certificate.
//
// What it is not: a kit for services, which keeps a stream over reconnections (package
// service). A client lives for one command.
//
// A Client is safe for concurrent use. The package starts no goroutine but gRPC's, which
// end with Close, and holds no lock.
package client
