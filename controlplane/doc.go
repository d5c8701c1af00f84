// Package controlplane lets application services, written in any language, stand
// behind a hub: they dial it over gRPC, open one stream and receive what browsers
// do. The contract is proto/hub/v1.
//
// # What it is
//
// A Server is two things at once. Towards the hub it is the Application: it hears of
// connect attempts, events and disconnects, and answers them later. Towards services
// it is a gRPC server with AttachService (the stream), ControlService (the same
// commands without one), health and reflection.
//
//	hub ──► Connect, Connected, Event, Disconnected        connect.go, lifecycle.go
//	           │ who handles it: routes, a pure table       routes.go, internal/route
//	           ▼
//	         lane (one socket, one group) ──► instance      internal/dispatch
//	           │ its window, its ledger, parking            internal/window, ledger, park
//	           ▼
//	         outbox ──► sendLoop ──► envelope ──► service   outbox.go, send.go, wire.go
//
//	service ──► envelope ──► recvLoop                       recv.go
//	           ├─ hello        attaches the instance        hello.go, subscribe.go
//	           ├─ settlement   answers a delivery           settle.go, decide.go
//	           ├─ command      emit, rooms, data, …         command.go, emit.go, replay.go
//	           └─ window, heartbeat
//	             ──► hub.Emit, Event.Reply, Attempt.Accept  gathered in one hub.Batch
//
// An event crosses from the browser's reading goroutine to the sender of one stream
// through three locks that are held for a few lines each: the lane's holder, the
// outbox, and none that all sockets share. Its arguments are passed on as bytes.
//
// # What it is not
//
// It knows no packet and no transport; it keeps no sockets beside the hub's (its own
// state hangs at hub.Socket's tag); and it never waits: what cannot go is parked
// within bounds, dropped and counted, or ends the stream that is in the way.
//
// # Where a rule lives
//
//	order, redelivery, fencing, failover, parking      internal/dispatch
//	who gets an event                                  internal/route
//	how much an instance takes                         internal/window
//	a late settlement told apart                       internal/ledger
//	a decision that is used again                      internal/decisions
//	when an attempt or an authorization is looked at   timequeue.go
//	an idempotency key                                 internal/replay
//	the code of an error                               errors.go, and nowhere else
//	how an envelope is encoded, at both ends           internal/envelope of the module
//
// # Goroutines
//
// A stream has three: the gRPC handler (stream.run) watches and decides the end;
// recvLoop receives and never waits for the sender; sendLoop sends. A Server has one,
// the janitor, from GRPC to Shutdown. Lost instances have timers.
//
// # Locks
//
// Taken from left to right; none is held across a call of the hub that writes, or
// across a Send.
//
//	stream.life -> routes.mu -> dispatch group -> dispatch instance -> outbox.mu
//	connect.mu -> dispatch group -> dispatch instance -> connects.mu
//	routes.mu -> decisions.Cache.mu
//	ackKeeper.mu -> outbox.mu
//
// All others are leaves.
package controlplane
