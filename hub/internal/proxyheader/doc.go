// Package proxyheader lets in connections that begin with a header of the PROXY protocol, version 1 or 2, by which a proxy
// that only passes bytes on says whose connection it is.
//
//	accept ─┬─ from a trusted proxy ─► header ─┬─ well-formed ─► Accept, as a Conn from the address in it
//	        │                                  └─ missing, malformed, late ─► closed
//	        └─ from anybody else ─► closed
//
// Exactly the header is read, so that the socket has all that follows it, and a Conn needs no buffer: whoever watches the
// socket itself may do so (Conn.Socket). Parse is github.com/pires/go-proxyproto's.
//
// What it is not: a limit. Proxies are trusted, and what counts connections of an address goes on top.
//
// # Goroutines and locks
//
// A listener has one goroutine from the first Accept until it is closed, and one for each connection until its header has
// been read, at most 5 s; those end when it is closed. The lock of these connections is a leaf.
//
// Spec: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
package proxyheader
