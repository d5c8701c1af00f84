// Package engineio serves Engine.IO sessions to browsers, in revision 4 of the protocol and where it is allowed in 3: the handshake, the heartbeat, the three
// transports and the upgrade from polling to one of the others. It hands messages up and knows nothing of what is in
// them; namespaces, events and acknowledgements are the next floor's.
//
// # The way of a message
//
// Up, by WebSocket:
//
//	netpoll ─► pollReader.turn ─► webSocket.next ─► wsframe.Input.Next ─► decode ─► Session.receive ─► Handler
//
// by a WebSocket that a goroutine reads (compression, pipes, TLS on a listener that is not Server.TLSListener, other systems than Linux):
//
//	stream ─► conn.Read ─► gorilla (inflates) ─► gorillaConn.next ─► decode ─► …
//
// by WebTransport, which a goroutine reads:
//
//	WebTransport ─► webTransportReader.next ─► decode ─► …
//
// and by polling:
//
//	net/http ─► Server.ServeHTTP ─► verify ─► polling.servePost ─► post.hand ─► Session.receive ─► Handler
//
// Down:
//
//	Session.Send ─► outbox ─► Batch.Flush ─► flush ─► transport ─┬► frameWriter.run ─► conn ─► kernel
//	                                                            ├► webTransportWriter.run ─► WebTransport
//	                                                            └► polling.answerLocked ─► the GET that waits
//
// A session's Server is its HTTP handler; Session is what the application holds; Handler is what the
// application gives for it. Message is a packet that any number of sessions may send: each wire form is
// made once, the frame of a WebSocket with the message itself, compressed ones for each window that browsers have agreed
// on (coders, compress.go).
// Batch collects: a session touched by several Sends is written to once.
//
// # Where to find what
//
// What a request says is read by package request, and whose pages may make one is decided by package origin. The
// files are the specification's chapters: handshake.go, heartbeat.go, upgrade.go, polling.go with post.go,
// websocket.go, webtransport.go. transport.go says what the transports have in common; only upgrade.go and the polling
// requests themselves ask which of them a session has. close.go is the only way out of a session, errors.go and
// refusals.go are what knows error codes and HTTP status.
//
// A session has four parts of its own. life (life.go) is where it stands, and who hears of its end. flow (flow.go) decides whether the browser's messages are handed up now:
// every reader asks it, and every reason to wait (Pause, the rates, unfinished messages, a full outbox) is a bit of
// it. outbox (outbox.go) is what waits for the browser; slowSessions (slow.go) watches those that do not take it.
// partialEvent (unfinished.go) is the event whose attachments are on their way.
//
// A webSocket has a conn (conn.go), which is corked, writes without blocking, and lends its buffers; a frameWriter
// (websocket_writer.go), the writing half with the closing handshake; and is read either by a pollReader
// (pollreader.go) or by a gorillaConn (gorillareader.go). gorilla/websocket is used in gorilla.go alone. Over polling
// a post (post.go, body.go) is one POST, and what is left of those that were answered in a pause is the
// pendingPayload (pending.go), which goes along to another transport.
//
// A webTransport is a stream of packets, each behind its length, that somebody else's server of HTTP/3 has accepted: the interface
// WebTransport is all that is known of it here. ServeWebTransport (webtransport_handshake.go) is the second door beside
// ServeHTTP, with the same checks; what it refuses when the stream is there ends the WebTransport session. What its writer
// has in common with a frameWriter stands in writing.go.
//
// # Beside Engine.IO
//
// Package v09 serves a protocol that is older (beside.go): its requests pass the same checks (Beside.Serve), and each of its sessions is one of
// ours whose webTransport has a Stream that ends in that package (Beside.OpenStream).
//
// # Beside other servers
//
// Where browsers meet any of several servers, Config.Others has the end of this one's session ids, and Elsewhere, which
// answers requests for sessions of others (elsewhere.go). The checks of path, headers, origin, transport and query are made
// before, and preflights answered here; all others are the server's that has the session. What that has been passed comes with
// PassedOn, and goes no further. A WebTransport is never passed on: for one an unknown session is unknown.
//
// # Revisions
//
// The revision of the protocol is a value of the session (request.Handshake.Revision), which verifyHandshake admits and
// verifySession holds later requests to. 4 is always admitted, 3 with Config.AllowRevision3 (checks.supports). What is
// different in 3 stands in revision3.go and payload3.go, and is asked for in these places:
//
//   - What a POST carries (Session.payload): a payload of 3 is looked at as a whole, and handed up as a binary one
//     whichever it came as (pendingPayload.cut). JSONP is settled by the handshake.
//   - What a poll is answered with (appendPayload), and that a handshake over polling is answered with the open packet
//     alone (openAlone).
//   - Binary messages (Session.decode, frameOf): Message makes each form once, as it does those of 4.
//   - The heartbeat (heartbeat.heard, heartbeat.addPinging): the browser pings. The queue and the timer are shared, so
//     sessions of 4 pay nothing for it.
//
// In 3 the session id is known to others as socket id. So requests for ids that there are not are limited by
// address (Server.unknown).
//
// # An idle connection
//
// An idle browser owns a descriptor, a webSocket and a Session, and nothing else: no goroutine, no
// buffer, no gorilla connection, nothing of net/http or package net. When the session begins, its socket
// is taken out of Go's network poller (webSocket.moveToPoller) and given to package netpoll, which says when there
// is something to read (webSocket.Readable). It is read once for each event, and a short read says that
// there is no more. Package wsframe finds what makes whole messages, and has the rules for frames. gorilla has no part
// in it, but the handshake, and a test holds the two against each other. None of this blocks the poller's goroutine, nor may
// the Handler. What is not a whole message stays in a pooled buffer, at most MaxPayload with its headers. A connection that has much to say
// gives way to the others after turnReads, turnMessages and pieceBytes, and one in the middle of a large message has its
// turns behind them (netpoll.Descriptor.Bulk); goroutines that read large messages and bodies wait for turns.
//
// Under TLS the same poller watches the descriptor below crypto/tls, and reads by tls.Conn.Read, which goes on where it found nothing
// (tlsSocket, sealed.go). What is encrypted and not taken by the kernel stays there and is the writer's to drain. crypto/tls keeps
// the largest record that it has read, and its ciphers, for as long as the connection lives: that is what an idle browser costs
// more.
//
// While its session is paused, what was read and not taken stays in that buffer, at most what a poller
// reads at once, and the rest in the kernel: nothing is read until flow.resume gives the connection a turn. Its
// end is an event of its own and is noticed: a reset ends the session; after a FIN nothing more is written, and it is
// read to its end (Session.peerClosed).
//
// # Goroutines
//
// Each is one of the server's tasks, for which Server.Close waits.
//
//   - A WebSocket that a poller watches has none. As long as its connection lives it counts as a task.
//   - netpoll has GOMAXPROCS pollers from the first WebSocket on. They end with the last connection after
//     Server.Close, which waits for them as well.
//   - A WebSocket that no poller can watch has one, its reader (gorillaConn.run). It ends when the
//     connection does.
//   - A WebTransport has one, its reader (webTransport.run), which ends when that does. Its on-demand writer
//     (webTransportWriter.run) exists while something is queued, as every write may block.
//   - A polling session has none; its requests have net/http's, for as long as they are held.
//   - The on-demand writer (frameWriter.run, which may block then) exists while the kernel takes no more. It ends when
//     everything is written, or after 20 s without progress.
//   - The check of the slow sessions, those with something that could not be sent at once, is a timer's, once a second
//     while there are any, and earlier when the sum grows.
//   - A probe (probe.run) lives from its handshake to its upgrade, at most Upgrade.Timeout.
//   - A reader, or the request of a POST, whose message has to wait, waits for flow.resume, the request 25 s at
//     most. What was left of a POST is handed up by a goroutine of its own after that.
//   - All sessions together have one timer for the heartbeat. Only a session that is closing, a
//     probe, or a session that is read later for its rate has a timer of its own, whose function has a turn (tasks.after).
//   - HandleClose runs on a goroutine of its own, once for each session.
//
// # Locks
//
// Session.receiving before Session.mu; registry's shards, heartbeat.mu, tasks.mu, and slowSessions.mu are
// leaves, and so is Session.mu, but for the moment when it gives its connection to netpoll or itself to slowSessions (whose locks
// are leaves themselves) and nudges one that was paused: none is held across a write, a callback, or another of them.
// slowSessions.checking is held during a check and comes before all of them. flow has no lock: its reasons are one
// atomic word, and resume takes Session.mu to wake the reader. A frameWriter's closing handshake, polling's requests
// and a post's state are guarded by Session.mu as well. The flag outbox.writing, guarded by Session.mu, is the
// permission to write to the WebSocket or WebTransport: whoever sets it writes, and everybody else's packets are taken along.
//
// # Bounds
//
// Whatever a browser can make grow has a limit in Config.Limits or beside the code, one outcome, and a function in Trace:
// messages and bytes in time, of a browser and of a user (charge.go), handshakes (rates.go) and connections (listener.go) of
// an address, unfinished messages in sum and in time (unfinished.go), sessions (503), outbox (it is not read further, then
// closed), what TLS answers by itself (closed, sealed.go), body and message (413, 1009, also after inflating), fragments of a
// message (1008), packets in a payload, headers (431), query (414), time for a body (408), for a pong, for an upgrade, for a
// POST in a pause, for reading the last packets.
//
// Spec: https://github.com/socketio/engine.io-protocol, revision 4. Source: reference/socketio.md, part
// 1; reliability.md, table (c). Where the two differ from the specification, the code says so.
package engineio
