// Package quicserver lets browsers come by WebTransport: it serves QUIC and HTTP/3 on a UDP socket, for nothing else.
//
//	UDP ─► quic-go ─► handshake ─► connection ─► http3: CONNECT ─► Options.Handler ─► accept ─► Link
//
// Server is the socket with its connections. A connection has at most one WebTransport session, and of that its first bidirectional
// stream is a Link, which belongs to whoever has accepted it. What Engine.IO says on it is not known here.
//
// # What a peer can make it hold
//
//   - Connections, those in their handshake included, have a limit (Options.Most), and one for each address (Options.Enter). An
//     address counts once it is verified. While many handshakes are under way, who comes has to show its address first
//     (Retry), which costs the server nothing.
//   - A connection that has opened no session after Options.Patience, or whose session has ended, is closed.
//   - Streams: two at a time that the peer opens in both directions, the request and the Link, so that a third one is a fault of
//     the protocol; and a few in one direction, HTTP/3's own, of which others are not read.
//   - What is sent ahead of being read: connWindow of each connection, and more of those that are read fast, up to
//     maxConnWindow, while that is no more than Options.AheadBytes together.
//   - Datagrams are taken, as WebTransport wants it, and dropped: quic-go keeps at most 128 of a connection for whoever wants
//     them, and 32 of them for the session.
//   - Headers: Options.HeaderBytes.
//
// # Goroutines and locks
//
// Each connection has those of quic-go and http3 until it is closed, and a Link that is closed one until its peer has ended the session, a second at most.
// Server.Close waits for all of them. A panic in one of ours, or in a handler, ends its connection alone. connection.mu and Link.mu are leaves, held for a few lines.
//
// Spec: RFC 9000, RFC 9114, draft-ietf-webtrans-http3.
package quicserver
