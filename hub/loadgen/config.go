package loadgen

import (
	"maps"
	"slices"
	"time"
)

// Scenario is what the connections do.
type Scenario string

// The scenarios, see the package comment.
const (
	Idle    Scenario = "idle"
	Echo    Scenario = "echo"
	Fanout  Scenario = "fanout"
	Room    Scenario = "room"
	Connect Scenario = "connect"
)

// Scenarios lists all of them.
func Scenarios() []Scenario { return []Scenario{Idle, Echo, Fanout, Room, Connect} }

// Transports lists the values of Config.Transport.
func Transports() []string { return slices.Sorted(maps.Keys(transports)) }

// Config is what a run does, and to which server.
type Config struct {
	// URL is the server: http://HOST:PORT, with the path where it is not
	// /socket.io/. Required.
	URL string
	// Scenario is what to do. Required.
	Scenario Scenario
	// Transport is what sessions run on, from their first request to their end:
	// "websocket" or "polling". Empty means "websocket".
	Transport string
	// Connections is how many connections there are. Zero means 100. The connect
	// scenario has InFlight of them.
	Connections int
	// ConnectRate is how many connections are made in a second until all are there.
	// Zero means as many as 16 at a time give. The connect scenario has Rate for it.
	ConnectRate float64
	// Namespaces is how many namespaces the connections are spread over. Zero and 1
	// mean that all are in `/`; N above 1 stands for /bench/0 to /bench/N-1, which the
	// server must have then, with the same handlers.
	Namespaces int
	// PayloadBytes is the size of the data of each event. Zero means 32.
	PayloadBytes int
	// Rooms is how many rooms the connections are spread over, in all namespaces
	// together. Zero means one for every ten connections. Only for Room, and for Idle
	// with RoomsPerSocket.
	Rooms int
	// RoomsPerSocket is how many of them each connection joins. Zero means 1 for Room
	// and none for Idle.
	RoomsPerSocket int
	// Rate is how many operations are started in a second, by all connections
	// together: echoes, broadcasts (bursts of them), triggers of a room, connects. The
	// latency of an operation is counted from when it was due, so that a server which
	// stalls shows in all operations that had to wait for it, not in one. Zero means a
	// closed loop: the next operation starts when one has ended.
	Rate float64
	// InFlight is how many operations are under way at a time: triggers of rooms,
	// broadcasts, connects. Echo has one for each connection, whatever InFlight says.
	// Zero means 64 for Room, 16 for Connect and 1 for Fanout; with a Rate it is the
	// bound, and zero means 256. An operation that is due while so many are under way
	// starts later.
	InFlight int
	// Burst is how many broadcasts are sent at once. Zero means 1. Only for Fanout.
	Burst int
	// Warmup is the time from the last connect to the start of the measurement, in
	// which the load runs already. Zero means 1 second.
	Warmup time.Duration
	// Duration is how long is measured. Zero means 5 seconds.
	Duration time.Duration
	// Deflate offers permessage-deflate on each WebSocket. What is sent is not compressed.
	Deflate bool
	// MaxErrors is how many failed connects and lost connections a run may have before
	// Run returns a TooManyErrors beside the result. Zero means none.
	MaxErrors int
	// PIDs are the processes of the server whose CPU and memory are measured. Only on
	// Linux, and on the same machine.
	PIDs []int
	// Progress is called each second from one goroutine. Nil calls nothing.
	Progress func(Progress)
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	set := func(value *int, otherwise int) {
		if *value == 0 {
			*value = otherwise
		}
	}
	if c.Transport == "" {
		c.Transport = webSocketName
	}
	set(&c.Connections, 100)
	set(&c.Namespaces, 1)
	set(&c.PayloadBytes, 32)
	set(&c.Rooms, max(1, c.Connections/10))
	if c.Scenario == Room {
		set(&c.RoomsPerSocket, 1)
	}
	if c.Rate > 0 {
		set(&c.InFlight, 256)
	}
	set(&c.InFlight, map[Scenario]int{Room: 64, Connect: 16, Fanout: 1}[c.Scenario])
	set(&c.Burst, 1)
	if c.Warmup == 0 {
		c.Warmup = time.Second
	}
	if c.Duration == 0 {
		c.Duration = 5 * time.Second
	}
	return c
}

// closedLoop reports whether operations start when others have ended.
func (c Config) closedLoop() bool { return c.Rate == 0 }

// sessions is how many there are at a time, and files how many open files they need.
func (c Config) sessions() int {
	if c.Scenario == Connect {
		return c.InFlight
	}
	return c.Connections
}

func (c Config) files() int {
	if c.Transport == webSocketName {
		return c.sessions()
	}
	return 2 * c.sessions() // one for what comes, one for what goes
}
