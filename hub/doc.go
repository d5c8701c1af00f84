// Package hub speaks Socket.IO to browsers and tells one Application what they do.
//
// # What it is
//
// A Hub is an http.Handler. Browsers open Engine.IO sessions on it, over polling or WebSocket, and join
// namespaces over Socket.IO. The hub keeps sessions, sockets, rooms and acknowledgements; it decides
// nothing. Each attempt to join a namespace, each event and each disconnect goes to the Application,
// which answers when it likes:
//
//	browser ──► Hub ──► Application.Connect(attempt)     attempt.Accept / Deny / Undecided
//	                    Application.Connected(socket)
//	                    Application.Event(event)         event.Reply
//	                    Application.Disconnected(socket, disconnect)
//	browser ◄── Hub ◄── Emit, EmitWithAck, UpdateRooms, Disconnect, SetData
//
// # What it is not
//
// The hub knows nothing of gRPC, services, windows or redelivery: that is package controlplane, which is
// an Application. It never looks into what it forwards: arguments are JSON text from one end to the
// other, byte for byte, and attachments are bytes.
//
// # Order
//
// For one socket the application hears Connected, then its events in the order in which the browser sent
// them, then Disconnected, one call at a time. An attempt that was accepted gets exactly one
// Connected and one Disconnected; an attempt whose browser left before the answer gets neither, and
// Accept says so with ErrGone. A browser reads its CONNECT packet before anything that was emitted to it.
//
// # Goroutines
//
// The hub has those of its sessions (one per idle WebSocket, none per idle polling session) and, while a
// timer fires, the timer's. Methods of the application run on the reading goroutine of the browser, or on
// the one that accepted, disconnected or closed: whoever holds the client's gate. They must not block.
//
// # Locks
//
// Each lock is a leaf unless a line below says otherwise; the one on the left is taken first. None is held
// across a call of the application or a write that could wait. (A batch that half fills an outbox writes at
// once what the kernel takes, under the socket's lock.)
//
//	client gate                  a turn, not a lock: the application's calls for one client, one at a time
//	socket.mu -> adapter         entry -> shard of rooms
//	socket.mu -> session.mu      "is the socket open" and "append to the outbox" are one step
//	socket.mu -> ack group -> gate queue
//	server.mu -> adapter.Builder a namespace is made and forgotten under it
package hub
