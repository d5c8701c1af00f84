// Package v09 lets Socket.IO clients 0.9 in, whose protocol is older than Engine.IO. It is a room of its own: it turns their
// packets into those of today and back, and no other package knows that such clients exist.
//
// # The protocol
//
//	GET /socket.io/1/?user=ada            ─► sid:45:45:websocket,xhr-polling     heartbeat and close timeout in seconds
//	GET /socket.io/1/websocket/sid        ─► 101, then one packet a message
//	GET /socket.io/1/xhr-polling/sid      ─► packets, once there are some; `8::` after 20 s
//	POST /socket.io/1/xhr-polling/sid     ─► 1
//	GET /socket.io/1/xhr-polling/sid?disconnect=1   ends the session
//
// A packet is type:id:endpoint:data (packet.go):
//
//	0::/chat      disconnect; without an endpoint the whole session
//	1::/chat?a=b  connect; nobody has to for the main endpoint
//	2::           heartbeat, which the server sends and the client answers
//	3:::hello     message: a text, here the event `message`
//	4:::{"a":1}   JSON, here the event `message`
//	5:1+::{"name":"hello","args":[1]}  event; 1+ wants an acknowledgement with data
//	6:::1+[2]     acknowledgement
//	7::/chat:2    error: reason and advice as numbers
//	8::           nothing
//
// Several in one body have their lengths between two U+FFFD in front, in UTF-16 code units (payload.go).
//
// # The way of a packet
//
// Each session is one of engineio, over a stream (engineio.Stream) whose other end is a link (link.go) in place of a
// browser. Up: a request or a WebSocket gives a text to link.push, a translator (up.go) makes packets of Engine.IO 4 and
// Socket.IO 5 of it, engineio reads them from the link. Down: engineio writes to the link, the translator (down.go) makes
// texts, which a poll or a WebSocket takes. So heartbeat, limits, rates, admission and the way out are engineio's alone.
// A packet that means nothing, or is dropped on the way up, and a ping or pong frame, becomes a noop of Engine.IO, as the rates count what reaches it.
//
// Server (server.go) is the HTTP handler, and knows the links by the id of their session. polling.go and
// websocket.go are the transports, reading.go reads bodies and messages for both. A client that has not managed to use one tries the other with the same id.
//
// # What it cannot carry
//
// There is no binary in 0.9: a packet with attachments is dropped, counted and logged. A refusal has no data, and no text but
// `unauthorized`. JSONP, Flash and htmlfile are not served.
//
// # Goroutines and locks
//
// A WebSocket has two, which engineio starts, so that a panic in one ends its session alone: one reads, one writes, and the first
// waits for the second; its request has ended, and net/http's buffers with it. Both end closeTime after their session, or after
// another transport took over, at the latest: the connection is closed then (cutter, websocket.go). A poll and a POST have their request's. The
// session's own is engineio's. With link.mu held a budget's lock alone is taken; Server.mu is a leaf. Neither is held across a
// call of engineio, a read or a write.
//
// # Bounds
//
// What waits in a link each way is highWater, and beyond that one message or body and what was made of it: whoever brings
// more waits. Packets for an endpoint that is not decided about are held up to heldBytes, and there are as many endpoints as a
// client may be in namespaces.
//
// In sum there are two budgets (budget.go). One has what is coming in, and what has come and engineio does not take; who would
// go beyond it is closed. The other has what engineio has written and clients have not taken; engineio's writes wait for room
// in it, until it ends a session that takes nothing. A little of each client has room in any case. They are apart from
// engineio's own budgets, of which they are a part in size: anybody may claim to be a client 0.9, and is not to take room from the
// others by it; and those make a session wait at its connection, where here there are requests, whose browser waits for an answer.
//
// A limit that ends a session is counted under the option's key, and a sampled line in the log names it (endings, reading.go).
//
// Spec: github.com/LearnBoost/socket.io-spec. Source: socket.io 0.9, lib/manager.js, lib/parser.js.
package v09
