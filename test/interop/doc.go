// Command interop holds every Socket.IO client that it knows against real hub processes, and writes down what came of
// it: the table in docs/clients.md.
//
//	cells.go      which clients there are, over which transports, and what they cannot do, with the reason
//	run.go        one cell: a program that drives the client (clients/), and what it says
//	station.go    a hub with the settings that a client needs, and the service behind it (test/mirror)
//	wire.go       what is between a client and the hub, and can be cut
//	datagrams.go  the same for WebTransport
//	table.go      the table
//
// Each program in clients/ is given a plan as JSON, takes its client through the steps that the plan names, and prints
//
//	client socket.io-client 2.5.0
//	ok text
//	not ok binary: what was wrong
//
// A step that should have been taken and was not is a failure like any other: nothing is skipped. The tests of this
// package run the cells that are marked `always`; `make interop` runs all of them and writes the table.
//
// Each cell has a goroutine, and so has each connection of a wire; a wire's lock guards its connections. All of them
// have ended when run has returned.
package main
