// Package engineio serves Engine.IO v4 sessions to browsers: the handshake, the heartbeat, the two
// transports and the walk from one to the other. It hands messages up and knows nothing of what is in
// them; namespaces, events and acknowledgements are the next floor's.
//
// # The way of a message
//
// Up, by WebSocket:
//
//	conn.Read ─► gorilla ─► webSocket.next ─► eiopacket.Decode ─► Session.receive ─► Handler
//
// and by polling:
//
//	net/http ─► Server.ServeHTTP ─► verify ─► polling.servePost ─► take ─► Session.receive ─► Handler
//
// Down:
//
//	Session.Send ─► outbox ─► Batch.Flush ─► flush ─┬► webSocket.pump ─► gorilla ─► conn ─► kernel
//	                                               └► polling.answerLocked ─► the GET that waits
//
// A session's Server is its HTTP handler; Session is what the application holds; Handler is what the
// application gives for it. Message is a packet that any number of sessions may send: each wire form is
// made once. Batch gathers: a session touched by several Sends is written to once.
//
// # Where to find what
//
// The files are the specification's chapters: handshake.go, heartbeat.go, upgrade.go, polling.go,
// websocket.go. close.go is the only way out of a session, errors.go the only place that knows error
// codes and HTTP status, cors.go the rule for origins. gorilla/websocket is used in websocket.go alone,
// over a connection of our own (conn.go) that is corked, writes without blocking, and lends its buffers.
//
// # Goroutines
//
// Each belongs to the server's crew, for which Server.Close waits.
//
//   - A WebSocket has one, its reader (webSocket.run). It ends when the connection does.
//   - A polling session has none; its requests have net/http's, for as long as they are held.
//   - The on-demand writer (webSocket.pump, patient) exists while the kernel takes no more. It ends when
//     everything is written, or after 20 s without progress.
//   - A probe (probe.walk) lives from its handshake to its upgrade, at most UpgradeTimeout.
//   - All sessions together have one timer for the heartbeat. Only a session that is closing, or a
//     probe, has a timer of its own.
//   - HandleClose runs on a goroutine of its own, once for each session.
//
// # Locks
//
// Session.receiving before Session.mu; registry's shards, heartbeat.mu, crew.mu and sampler.mu are
// leaves, and so is Session.mu: none is held across a write, a callback, or another of them. The flag
// outbox.writing, guarded by Session.mu, is the permission to write to the WebSocket: whoever sets it
// writes, and everybody else's packets are taken along.
//
// # Bounds
//
// Whatever a browser can make grow has a limit in Config.Limits or beside the code, one outcome, and a
// function in Trace: sessions (503), outbox (the session is closed), body and message (413, 1009, also
// after inflating), pieces of a message (1008), packets in a payload, headers (431), query (414), time
// for a body (408), for a pong, for an upgrade, for reading the last words.
//
// Spec: https://github.com/socketio/engine.io-protocol, revision 4. Source: reference/socketio.md, part
// 1; reliability.md, table (c). Where the two differ from the specification, the code says so.
package engineio
