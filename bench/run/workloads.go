package main

import (
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// workload is what is asked of every server.
type workload struct {
	// id is what --only and the results call it; title is a table's.
	id, title string
	// unit is what an operation is called; empty where there is none.
	unit   string
	config loadgen.Config
	// peers are those that can do it; nil means all.
	peers []string
	marks []mark
}

// mark is a figure that the hub is held to.
type mark struct {
	title  string
	metric metric
	// beside is the peer whose figure is the measure; empty means an absolute one.
	beside string
	// limit is the mark, aim what lies beyond it.
	limit, aim float64
}

// metric is a figure of a sample.
type metric struct {
	unit  string
	value func(sample) float64
}

var (
	serverCPU = metric{"µs", func(s sample) float64 { return s.cost(0) }}
	appCPU    = metric{"µs", func(s sample) float64 { return s.cost(1) }}
	p99       = metric{"ms", func(s sample) float64 { return float64(s.Result.Latency.P99) / float64(time.Millisecond) }}
	memory    = metric{"B", func(s sample) float64 { return s.RestedBytes }}
)

// rest is how long connections are left alone before their memory is read.
const rest = 10 * time.Second

// marks are the rows of the table of marks.
func marks(d time.Duration) []workload {
	return []workload{
		{
			id: "echo", title: "echo, 100 connections", unit: "echo",
			config: loadgen.Config{Scenario: loadgen.Echo, Connections: 100, Duration: d},
			marks: []mark{
				{"echo through a service, 100 connections", serverCPU, floor, 2.2, 1.6},
				{"the service's own CPU per echo", appCPU, "", 5, 3},
			},
		},
		{
			id: "echo-1k", title: "echo of 1 KiB, 100 connections", unit: "echo",
			config: loadgen.Config{Scenario: loadgen.Echo, Connections: 100, PayloadBytes: 1024, Duration: d},
			marks:  []mark{{"the same echo with 1 KiB", serverCPU, floor, 2.6, 1.6}},
		},
		{
			id: "broadcast-1k", title: "broadcast to 1 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Duration: d},
			marks:  []mark{{"broadcast to 1 000, per delivery", serverCPU, floor, 1.2, 1.05}},
		},
		{
			id: "broadcast-5k", title: "broadcast to 5 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 5000, Duration: d},
			marks:  []mark{{"broadcast to 5 000, per delivery", serverCPU, floor, 1.2, 1.05}},
		},
		{
			id: "burst", title: "bursts of 8 to 1 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Burst: 8, Duration: d},
			marks:  []mark{{"broadcasts in bursts of 8 to 1 000, per delivery", serverCPU, floor, 0.6, 0.35}},
		},
		{
			id: "rooms", title: "1 000 rooms of 10", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Room, Connections: 10000, Rooms: 1000, InFlight: 64, Duration: d},
			marks:  []mark{{"1 000 rooms of 10, 64 triggers under way, per delivery", serverCPU, floor, 1.5, 1.2}},
		},
		{
			id: "connect", title: "connect", unit: "connect",
			config: loadgen.Config{Scenario: loadgen.Connect, InFlight: 16, Duration: d},
			marks:  []mark{{"connect with a decision by the service", serverCPU, floor, 2.2, 1.6}},
		},
		{
			id: "idle", title: "10 000 idle",
			// Two heartbeats of each connection fall into the measured time.
			config: loadgen.Config{Scenario: loadgen.Idle, Connections: 10000, Warmup: rest, Duration: 50 * time.Second},
			marks: []mark{
				{"an idle WebSocket after 10 s of rest, RSS", memory, floor, 1, 0.4},
				{"idle CPU per connection and second", serverCPU, "", 1, 0.5},
			},
		},
	}
}
