// Package request says what an HTTP request to Engine.IO is about: what its query asks for, and which browser it comes
// from. It judges none of it: which transports, revisions and origins are allowed is package engineio's, which
// also answers.
//
// Query is the part of the query string that every request has. Handshake is the request that opened a session, as it
// is retained for as long as that lives: one string with marks in it. Proxies finds out who a request comes from (Sender) that
// has passed proxies. Text and Cut make what a stranger wrote fit for logs, reports and protobuf.
//
// There are no goroutines and no locks: all of it is immutable, and safe to read from any goroutine.
//
// Source: reference/socketio.md, 1.2.
package request
