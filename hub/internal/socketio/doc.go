// Package socketio supports Socket.IO v5 on top of Engine.IO sessions, and v4 for the clients 1 and 2, of Engine.IO 3.
//
// # What it is
//
// A Server turns each session into a client, which carries one socket for each namespace it has joined:
//
//	engineio.Session ── client ──┬── Socket in "/"
//	                             └── Socket in "/chat"  ── namespace "/chat" ── rooms
//
// Its namespaces are a part of it, and so is all that browsers come back by (comeback).
//
// Up: the client decodes a message, finds the socket and calls the Application. Down: Emit encodes once for each form,
// asks the namespace's rooms who receives, and puts the same message into each one's session.
//
// # What it is not
//
// It decides nothing: who gets in and what an event means is the Application's. It never looks into arguments. What
// browsers miss that are away is kept by package recovery, and only where recovery is on.
//
// # The life of a socket
//
//	browser: CONNECT ──► Attempt ──Accept──► rooms joined, CONNECT queued, Then ──► Connected ──► events
//	                        │ Deny, DenyUnknown, Undecided                               │
//	                        ▼                                              disconnect, close of the client
//	                  CONNECT_ERROR or close                                             ▼
//	                                                                                Disconnected
//
// The namespace is reserved when the attempt begins: a second CONNECT for it is an invalid state, which closes the
// client. A socket is in all tables before its CONNECT is queued, and what is sent to it waits until that is
// (membership.begin): its browser may read CONNECT, and tell its id, at once. Events before the answer are kept with the
// attempt (early.go). Attempts are bounded in number and bytes, and each namespace has a share of that; who comes when
// there is no room waits with its CONNECT for its turn (admission.go).
//
// # Forms
//
// Packets are text, or binary in another form (form.go). Where both are spoken a client's first message decides for as
// long as it lives; a packet to many is encoded once for each form that somebody speaks. Whoever is above this
// package sees JSON and attachments.
//
// Socket.IO clients 1 and 2 join the main namespace without a word, take the session's id for their socket id, and bring
// their auth as a query (revision3.go). All else is the same, down to the messages of a broadcast.
//
// # Who is read
//
// What cannot be taken stays with the browser: its session is paused while anybody holds it (reads.go). An application
// holds a socket whose events it cannot take; the package itself holds a client that waits for its turn, whose
// early events are many, or whose gate is taken.
//
// # Turns
//
// All calls of the Application for one client are made in its gate, which one goroutine holds at a time:
// the session's reader while it handles a message, otherwise whoever accepted, disconnected or closed.
// Who finds the gate taken leaves a note there, and the holder carries it out before it lets go. Nobody waits: the
// reader leaves its message and the client is not read further until that was handled. So Accept may be called
// inside Connect, and Disconnected never overtakes an event. What a Watcher hears about a socket goes the same way.
// What it hears about rooms and users goes through gates of the Server (notes), one of which each name belongs to: the
// table of rooms leaves a note under its lock on the name, and whoever changed rooms makes the call afterwards.
//
// # The connect timeout
//
// A client that joins nothing is closed when its clock has run out. The clock stands still while an attempt is
// open: a browser never pays for those who decide.
//
// # Coming back
//
// Where recovery is on, a socket has a session (package recovery). When its connection breaks the session is away:
// its namespace's recovering has its rooms and its data, and the log of the namespace what is emitted meanwhile. A CONNECT
// that names it reserves it (wish.go), or waits a second for a connection to end that still has it or is about to take
// it up (takeover.go), the
// Application is asked with what there is to be recovered, and an acceptance
// restores it in one step: the same id, rooms and data, CONNECT, and then what the browser has missed. What is done to
// sockets is done to sessions that are away as well; one that is just leaving or coming back is followed (away.go).
//
// Where an engine has a log, sessions are shared with other hubs (Sessions). One that is not here is looked for there
// (wish.seek), taken in as one that is away, and told what it has missed between there and here (adopt.go); after that
// it is recovered as any other. One that another hub asks for is given away with what it has missed here (surrender.go).
// As the hub ends, those that leave it are kept at the engine (sharer.go), and with KeepLive all are, as they change
// (keeper.go).
//
// # Goroutines and locks
//
// A client has no goroutine. The package starts those of timers (connect timeout, acks; package recovery has two more), the
// one in Wait, that of a keeper while there is something to keep, and two that go on where somebody else's goroutine has done enough for others: with the notes of a gate
// after a thousand of them (gate.drain), and with letting in those that have waited for their turn after as many
// (admission.letIn). Either ends when nothing is left to do.
//
// Locks, from outer to inner; what stands at the end of a line is a leaf:
//
//	namespaces.mu -> Elsewhere.Serves
//	recovering.mu -> rooms of those away    of a namespace whose browsers can come back
//	recovering.mu -> Socket.mu -> recovery.Store.mu, recovery.Log.mu
//	recovering.mu -> recovery.Logs.mu -> recovery.Log.mu; namespaces.mu -> recovery.Logs.mu
//	recovering.mu -> Socket.mu -> keeper.mu; recovery.Store.mu -> Sessions.Keep, Sessions.Drop
//	recovering.mu -> Sessions.Applied; namespaces.mu -> Sessions.Applied
//	Socket.mu -> rooms -> queue of a gate
//	Socket.mu -> reads.mu -> session
//	Socket.mu -> session                      "is the socket open" and "append to the outbox" are one step
//	Socket.mu -> ackGroup.mu -> queue of its gate
//	Socket.mu -> queue of the client's gate
//	admission.mu
//
// A queue's lock is gate.mu. No lock is held while the Application or the Watcher is called, nor while somebody hears that a
// session has left for which he waits.
//
// Spec: socket.io-protocol v5, v4.
package socketio
