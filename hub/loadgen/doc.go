// Package loadgen puts a Socket.IO server under load and says what an operation
// costs: how many a second, how long each takes, and, given the server's process,
// how much CPU and memory it spends. It works against any server of protocol
// version 5 that has these handlers in the namespace `/`:
//
//	echo(data, ack)     acks with data
//	broadcast(data)     emits broadcast(data) to everybody
//	join(room, ack)     joins the room, then acks
//	room(room, data)    emits room(data) to the room
//
// A run has a [Scenario]. All of them are closed loops so far: the next operation
// starts when the one before has ended, so the figures tell of cost and not of what
// happens under more load than a server can take.
//
//	idle      connections that do nothing; memory, and the CPU of heartbeats
//	echo      each connection has one echo under way; an operation is an echo
//	fanout    one connection broadcasts, in bursts; an operation is a delivery
//	room      connections in rooms, some triggers under way; an operation is a delivery
//	connect   connect and leave; an operation is a connect
//
// # Goroutines
//
// Each connection has one, its reader, which ends when [Run] closes the connection.
// The echo scenario runs on the readers alone. The others have goroutines of their
// own that start operations. Run waits for all of them.
package loadgen
