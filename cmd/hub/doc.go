// Command hub is the program: Socket.IO towards browsers, gRPC towards application
// services, HTTP towards operators.
//
//	hub serve     run the hub
//	hub demo      the hub with a chat to play with
//	hub status    what a running hub does, and what is missing
//	hub emit      send an event to browsers
//	hub sockets   who is connected
//	hub rooms     rooms, and how many are in them
//	hub users     users, and how many sockets they have
//	hub tail      what browsers and services do, as it happens
//	hub kick      disconnect sockets, or end their authorization
//	hub forget    forget a service that is gone for good
//	hub token     make and check tokens of services
//	hub bench     put a Socket.IO server under load
//	hub conform   hold a service kit, or a hub, against the rules of the contract
//	hub config    the configuration in force
//	hub version   which one this is
//
// main calls run, which reads the command line and calls one command. `serve` and
// `demo` build a node, which owns the listeners, those for browsers in its front
// (front.go), and ends them in order:
//
//	not ready → no new browsers → sockets leave in waves → streams end → admin last
//
// SIGHUP has `serve` read its configuration again (reload.go).
//
// Exit codes: 0 after an orderly end, which Ctrl-C is for `serve`, `demo` and `tail`; 1
// for what failed or was refused, with one line on stderr; 2 for a command line or a
// configuration that is not accepted; nothing has been opened then.
//
// The commands from `emit` to `forget` ask a running hub over its control listener, all
// of them through cmd/hub/internal/client: one way to say where it is, who asks and how
// TLS is spoken, and one way to say what helps when it is refused.
//
// What is written to stderr goes through cmd/hub/internal/logsink: whoever reads the log
// cannot hold up or end a hub.
//
// The program holds no state of its own: what it knows stands in hub and
// controlplane. Its goroutines are one for each listener, which node waits for, and
// in the demo one that waits for the chat service.
package main
