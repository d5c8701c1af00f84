// Package silent counts the connections that net/http closes because no request has come in time: it does so without a
// word. Watch does it for one server, with a warning now and then that names the option.
//
// What it is not: a timeout. Those are the server's, ReadHeaderTimeout and IdleTimeout. A connection that is idle between
// two requests counts for nothing.
//
// It starts no goroutine and has no lock: a connection costs an entry in a map until it is closed, or a WebSocket.
package silent
