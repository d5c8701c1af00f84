// Package socketio speaks Socket.IO v5 on top of Engine.IO sessions.
//
// # What it is
//
// A Server turns each session into a client, which carries one socket for each namespace it has joined:
//
//	engineio.Session ── client ──┬── Socket in "/"
//	                             └── Socket in "/chat"  ── namespace "/chat" ── adapter (rooms)
//
// Up: the client decodes a message, finds the socket and calls the Application. Down: Emit encodes once,
// asks the namespace's adapter who receives, and puts the same message into each one's session.
//
// # What it is not
//
// It decides nothing: who gets in and what an event means is the Application's. It keeps no packets for
// browsers that are away. It never looks into arguments.
//
// # The life of a socket
//
//	browser: CONNECT ──► Attempt ──Accept──► CONNECT queued, rooms joined, Then ──► Connected ──► events
//	                        │ Deny, DenyUnknown, Undecided                               │
//	                        ▼                                              disconnect, close of the client
//	                  CONNECT_ERROR or close                                             ▼
//	                                                                                Disconnected
//
// The namespace is reserved when the attempt begins: a second CONNECT for it, or an event before the
// answer, is an invalid state, which closes the client.
//
// # Turns
//
// All calls of the Application for one client are made in its gate, which one goroutine holds at a time:
// the session's reader while it handles a message, otherwise whoever accepted, disconnected or closed.
// Who finds the gate taken leaves a note there, and the holder carries it out before it lets go; only the
// reader waits for its turn, so that what a browser sends cannot pile up. So Accept may be called
// inside Connect, and Disconnected never overtakes an event. What a Watcher hears about a socket goes the same way.
// What it hears about rooms and users goes through gates of the Server, one of which each name belongs to: the
// adapter leaves a note under its lock on the name, and whoever changed rooms makes the call afterwards.
//
// # The connect timeout
//
// A client that joins nothing is closed when its clock has run out. The clock stands still while an attempt is
// open: a browser never pays for those who decide.
//
// # Goroutines and locks
//
// The package starts no goroutines but those of timers (connect timeout, acks), the one in Wait, and one that goes on
// with a gate when its holder has carried out a thousand notes for others. Locks, outer to
// inner: Server.mu -> adapter.Builder; Socket.mu -> adapter -> queue of a gate; Socket.mu -> session: "is the socket
// open" and "append to the outbox" are one step; Socket.mu -> ackGroup.mu -> queue of its gate; Socket.mu -> queue of
// the client's gate. A queue's lock (gate.mu) is a leaf. No lock is held while the Application or the Watcher is
// called.
//
// Spec: socket.io-protocol v5.
package socketio
