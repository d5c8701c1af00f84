// Package loadgen puts a Socket.IO server under load and reports what an operation
// costs: how many a second, how long each takes, and, given the server's processes,
// how much CPU and memory they spend. It works against any server of protocol
// version 5 that has these handlers:
//
//	echo(data, ack)     acks with data
//	broadcast(data)     emits broadcast(data) to everybody in the namespace
//	join(room, ack)     joins the room, then acks
//	room(room, data)    emits room(data) to the room
//
// [Run] takes a [Config] and gives a [Result]. A run has a [Scenario]:
//
//	idle      connections that do nothing; memory, and the CPU of heartbeats
//	echo      an echo under way on each connection; an operation is an echo
//	fanout    one connection broadcasts, in bursts; an operation is a delivery
//	room      connections in rooms, some triggers under way; an operation is a delivery
//	connect   connect and leave; an operation is a connect
//
// over WebSocket or long-polling, in one of two ways.
//
// In a closed loop the next operation starts when the one before has ended. The
// server is as busy as it can be, and the figures tell what an operation costs. They
// do not tell what users wait: a server that stalls is asked for less meanwhile, and
// its stall is one slow operation among many.
//
// At a fixed rate (Config.Rate) each operation has a moment at which it is due, and
// its latency counts from there, whenever it was sent. At most Config.InFlight are
// under way; one that finds so many starts later, and has been waiting since it was
// due. What has no answer at the end goes into the latency with its age, and is
// counted.
//
// A run has three phases: connecting, warming up (the load runs, nothing is
// recorded), measuring. Failed connects and lost connections are counted with their
// reasons and do not end it.
//
// It does not decode what it receives, does not reconnect, and does not check the
// heartbeat's deadlines: it is a load, not a client.
//
// # Files
//
// client.go is one browser over a transport; websocket.go and polling.go are the transports,
// with http.go under polling. echo.go, connect.go, idle.go and groups.go (fanout and
// room) are the scenarios, pace.go the fixed rate; run.go, ramp.go and progress.go
// the phases; histogram.go, failures.go, process.go, result.go and table.go what
// comes of it.
//
// # Goroutines
//
// Each connection has one, its reader, which ends when [Run] closes the connection. A
// polling connection has another one while the answer to a POST is on its way. The
// echo scenario runs on the readers alone. The others, and a fixed rate, have
// goroutines that start operations and end with the context. Run waits for all of
// them.
package loadgen
