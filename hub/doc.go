// Package hub speaks Socket.IO to browsers and tells one Application what they do.
//
// # What it is
//
// A Hub is an http.Handler. Browsers open Engine.IO sessions on it, over polling or WebSocket, and join
// namespaces over Socket.IO. The hub keeps sessions, sockets, rooms, users and acknowledgements; it decides
// nothing. Each attempt to join a namespace, each event and each disconnect goes to the Application,
// which answers when it likes:
//
//	browser ──► Hub ──► Application.Connect(attempt)     attempt.PrepareAccept, PrepareDeny ─► decision.Send
//	                    Application.Connected(socket)
//	                    Application.Event(event)         event.Prepare ─► reply.Send
//	                    Application.Disconnected(socket, disconnect)
//	browser ◄── Hub ◄── Emit, EmitWithAck, UpdateRooms, Disconnect, SetData
//
// An answer is made in two steps. Prepare checks all of it and changes nothing; Send can then only fail because
// the browser has gone, or has its answer. So who has other things to do together with an answer knows before
// doing them that the answer is a good one. Accept, Deny and Reply are both steps in one.
//
// An Application that is a Watcher too hears what else happens: rooms and users that come and go, upgrades,
// attempts whose browser has left, browsers that were refused. What nobody watches costs nothing.
// With SetOnlooker it hears of emissions and of changed data too, for as long as it wants to.
//
// # What it is not
//
// The hub knows nothing of gRPC, services, windows or redelivery: that is package controlplane, which is
// an Application. It never looks into what it forwards: arguments are JSON text from one end to the
// other, byte for byte, and attachments are bytes. The one thing it reads is socket data that is merged.
//
// With Config.Cluster a hub shares an engine with others. Commands that may be about sockets elsewhere are told to them, and
// carried out here as always; counts are of this hub. Cluster is what it knows of the others.
//
// # Names
//
// A socket has an id, rooms, perhaps a user, and shares a client id with the other sockets of its connection.
// Users are an index of their own: a room may have the name of a user, or of a socket. As in Socket.IO a socket's
// id is also a room that the socket is in, so that Target.Rooms finds it; Target.Sockets means the socket and
// nobody else. Rooms that start with U+0001 are reserved.
//
// # Order
//
// For one socket the application hears Connected, then its events in the order in which the browser sent
// them, then Disconnected, one call at a time. An attempt that was accepted gets exactly one
// Connected and one Disconnected; an attempt whose browser left before the answer gets neither, and
// Send says so with ErrGone. A browser reads its CONNECT packet before anything that was emitted to it. Calls of
// a Watcher about a socket are in this order as well.
//
// # Goroutines
//
// On Linux an idle WebSocket has none: GOMAXPROCS pollers read for all of them, also below the TLS of a TLSListener.
// Elsewhere, with compression and under any other TLS it has one, its reader, and so has a WebTransport. A polling
// session has none but those of its requests. A writer lives only while a browser does not take what is queued; the
// end of a session is told on a goroutine of its own; one timer pings everybody. Shutdown waits for all of them. One
// more goes on with a client's calls when a thousand have gathered there, so that a poller gets away; it ends with
// them.
//
// Methods of the application run on the goroutine that read, accepted, disconnected or closed: whoever holds the
// client's gate. So they must not block, or all browsers of that poller wait.
//
// # Locks
//
// Taken from left to right. What stands at the end of a line is a leaf: nothing is taken under it.
//
//	client gate                          a turn, not a lock: the application's calls for one client
//	namespaces.mu -> cluster.Cluster     a namespace is made and forgotten, and the others are told (Serve)
//	recovering.mu -> socket.mu           one order of emissions and rooms, where browsers can come back
//	socket.mu -> rooms entry -> member shard, or
//	             rooms entry -> index shard -> gate queue   rooms; notes for the Watcher
//	socket.mu -> session.mu -> pollers   "is the socket open" and "append to the outbox" are one step
//	socket.mu -> ack group -> gate queue
//	socket.mu -> gate queue              notes for the Watcher
//
// None is held while a method of Application or Watcher, OnAck, OnDone or Then runs, nor across a write that could
// wait. Two things do happen under a socket's lock: a batch that half fills an outbox writes at once what the
// kernel takes, and functions of Trace may be called, which is why they must not call the hub.
package hub
