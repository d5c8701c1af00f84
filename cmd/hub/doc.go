// Command hub is the program: Socket.IO towards browsers, gRPC towards application
// services, HTTP towards operators.
//
//	hub serve     run the hub
//	hub demo      the hub with a chat to play with
//	hub status    what a running hub does, and what is missing
//	hub emit      send an event to browsers
//	hub bench     put a Socket.IO server under load
//	hub config    the configuration in force
//	hub version   which one this is
//
// main calls run, which reads the command line and calls one command. `serve` and
// `demo` build a node, which owns the three listeners and ends them in order:
//
//	not ready → no new browsers → every socket leaves → streams end → admin last
//
// Exit codes: 0 after an orderly end, 1 for what failed, 2 for a command line or a
// configuration that is not accepted; nothing has been opened then.
//
// The program holds no state of its own: what it knows stands in hub and
// controlplane. Its goroutines are one for each listener, which node waits for, and
// in the demo one that waits for the chat service.
package main
