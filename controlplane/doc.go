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
//	           │ which group handles it: a table            register.go, internal/route
//	           ▼
//	         lane (one socket, one group) ──► instance      internal/dispatch
//	           │ does it ask for this, and how: interest    internal/subscription, attachment.go
//	           ▼
//	         outgoing ──► sendLoop ──► envelope ──► service  internal/outgoing, send.go, delivery.go
//
//	service ──► envelope ──► recvLoop                       recv.go, refuse.go
//	           ├─ hello        begins or resumes             hello.go, resume.go, subscribe.go
//	           ├─ settlement   answers a delivery            settle.go, decide.go, renew.go
//	           ├─ command      emit, rooms, data, call, …    command.go, internal/command
//	           └─ window, heartbeat, drain
//	             ──► hub.Emit, Event.Reply, Attempt.Accept  gathered in one hub.Batch
//
// An event's arguments are passed on as bytes, and no lock that all sockets share is
// taken on its way.
//
// # Streams and attachments
//
// A stream is a wire that may break at any time. An attachment is the process at its
// other end: its token, its subscriptions, its open commands, what it is still to be
// told (outgoing), and its hold on the instance that has its deliveries (a lease of
// dispatch). It outlives its streams:
//
//	hello ──► attached ──── stream breaks ───► suspended ──── too long ───► over
//	             ▲  │                            │   │
//	             │  │ left, drained, taken over  │   │ another process, without resume
//	             │  └──────────► over            │   └──────────► over
//	             └────── hello with resume ──────┘
//
// Only a service that numbers its envelopes can resume: then what was sent stays in the
// queue until its receipt comes, within a limit, and is sent again under the same
// numbers. A resume waits until the stream before it has let go of the queue and of the
// lease: of two streams that send for one attachment one would send into the void. An
// attachment that has lost a result, or more than the limit, is not resumed.
//
// # Interests and their union
//
// Each attachment has interests: what its own hello asked for. They decide what it gets,
// in which order, with which guarantee and for how long. The claims of a group are the
// union of those of its attachments (union.go) and stand in the register; they
// decide which group gets an event at all. So two versions of a service may be attached
// together, each with its own wishes. While none is attached the last union stays.
//
// # Other hubs
//
// In a cluster the hub does to the sockets elsewhere what is done to those here; clustering is what the control planes
// say to each other: which hubs there are (Welcome.hubs and the notice HUBS), and which instances are attached where. A
// call is handed to each instance by one hub: by the caller's if it is attached there, else by the one with the smallest id that it
// is attached to. What Node servers say to their fellows goes to one instance of each group.
//
// # What it is not
//
// It knows no packet and no transport; it keeps no sockets beside the hub's (its own
// state hangs at hub.Socket's tag); and it never waits: what cannot go is parked
// within bounds, and at these the browser that it came from is not read further (or it is
// dropped and counted, where a subscription says so), or it ends the stream that is in the
// way. Only a service
// is made to wait, by its own recvLoop or the reader of its connection: for its turn, for what it does too much of, and for the engine.
//
// # Where a rule lives
//
//	order, redelivery, fencing, failover, parking      internal/dispatch
//	who gets an event                                  internal/route, internal/subscription
//	who may do what                                    access, internal/permit, internal/caller
//	how much an instance takes                         internal/window
//	a decision that is used again                      internal/decisions
//	when an attempt or an authorization is looked at   internal/timequeue
//	what a subscription may say, and its defaults      internal/subscription
//	how something is said in the contract's words      internal/contract
//	what waits to be sent, and how much may            internal/outgoing
//	how many live sockets are introduced at once       internal/roll
//	what services may repeat in the log                internal/loglines
//	who is told of rooms and users                     internal/facts
//	which namespaces there are                         knows.go
//	what is kept of browsers that are away             memo.go, recovery.go
//	what an observer sees                              internal/observe, internal/copies
//	an idempotency key                                 internal/replay
//	what an error is called                            internal/fault, errors.go
//	what an operator sees                              overview, status.go
//	what metrics are told of                           trace
//	who works when many want to                        internal/turns, internal/calls
//	who waits because of what it sends                 internal/toll, brake.go, slow.go
//	who waits for an engine that is behind             internal/command (Patience), behind.go
//	numbers and receipts, at both ends                 internal/outqueue of the module
//	how an envelope is encoded, at both ends           internal/envelope of the module
//
// # Goroutines
//
// A stream has three: the gRPC handler (stream.run) watches and decides the end;
// recvLoop receives and never waits for a sender, but for the one of the stream before
// when it resumes; sendLoop sends, from the welcome on. A Server has one, the janitor,
// from GRPC to Shutdown: it looks after attempts, renewals, suspended attachments, and
// what waits for too long. A call whose instance was lost is told in a goroutine of its
// own. Timers are those of internal/dispatch and of commands with a time limit.
//
// # Locks
//
// Taken from left to right; a dispatch lock is Group.pool.mu before Instance.mu.
//
//	stream.life -> routes.mu -> dispatch -> outqueue
//	routes.mu -> decisions.Cache.mu
//	connect.mu -> dispatch -> connects.mu
//	socket.mu -> dispatch                 a socket that was away follows its earlier life
//	facts.Facts.mu -> Outgoing.mu, outqueue, attachment.mu
//	the mutex of acknowledgements or of a call in internal/command -> Outgoing.mu, outqueue, attachment.mu
//
// All others are leaves. The methods of dispatch.Sink (Accepts, Deliver, Revoked,
// Released), dispatch.Owner, dispatch.SoloOwner and dispatch.Observer run with dispatch
// locks held: below those come only leaves and the queue (Interests.mu, outqueue,
// attachment.mu, the counters of a group, and of a hub.Socket its data, its holds, and its rooms with the locks of
// their adapter). So nobody who holds one of those calls the dispatcher, and neither does dispatch call back into routes
// or a connect. No lock is held across a Send, or across a call of the hub that writes to browsers.
package controlplane
