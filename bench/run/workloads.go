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
	// stuck adds each of them once more, with a browser that reads nothing.
	stuck bool
	// axis, step and row are its place in a table of growth.
	axis, step, row string
	marks           []mark
}

// mark is a figure that the hub is held to.
type mark struct {
	title  string
	metric metric
	// beside is the peer whose figure is the measure; empty means an absolute one.
	beside string
	// limit is the mark, aim what lies beyond it.
	limit, aim float64
	// of is whose figure it is; empty means the hub's.
	of string
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
				{title: "echo through a service, 100 connections", metric: serverCPU, beside: floor, limit: 2.2, aim: 1.6},
				{title: "the service's own CPU per echo", metric: appCPU, limit: 5, aim: 3},
			},
		},
		{
			id: "echo-1k", title: "echo of 1 KiB, 100 connections", unit: "echo",
			config: loadgen.Config{Scenario: loadgen.Echo, Connections: 100, PayloadBytes: 1024, Duration: d},
			marks:  []mark{{title: "the same echo with 1 KiB", metric: serverCPU, beside: floor, limit: 2.6, aim: 1.6}},
		},
		{
			id: "echo-rate", title: "echo at 5 000 a second, 100 connections", unit: "echo",
			config: loadgen.Config{Scenario: loadgen.Echo, Connections: 100, Rate: 5000, Duration: d},
			marks:  []mark{{title: "echo at a fixed 5 000/s, p99", metric: p99, beside: node, limit: 2, aim: 1}},
		},
		{
			id: "broadcast-1k", title: "broadcast to 1 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Duration: d},
			marks:  []mark{{title: "broadcast to 1 000, per delivery", metric: serverCPU, beside: floor, limit: 1.2, aim: 1.05}},
		},
		{
			id: "broadcast-5k", title: "broadcast to 5 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 5000, Duration: d},
			marks:  []mark{{title: "broadcast to 5 000, per delivery", metric: serverCPU, beside: floor, limit: 1.2, aim: 1.05}},
		},
		{
			id: "burst", title: "bursts of 8 to 1 000", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Burst: 8, Duration: d},
			marks:  []mark{{title: "broadcasts in bursts of 8 to 1 000, per delivery", metric: serverCPU, beside: floor, limit: 0.6, aim: 0.35}},
		},
		{
			id: "rooms", title: "1 000 rooms of 10", unit: "delivery",
			config: loadgen.Config{Scenario: loadgen.Room, Connections: 10000, Rooms: 1000, InFlight: 64, Duration: d},
			marks:  []mark{{title: "1 000 rooms of 10, 64 triggers under way, per delivery", metric: serverCPU, beside: floor, limit: 1.5, aim: 1.2}},
		},
		{
			id: "connect", title: "connect", unit: "connect",
			config: loadgen.Config{Scenario: loadgen.Connect, InFlight: 16, Duration: d},
			marks:  []mark{{title: "connect with a decision by the service", metric: serverCPU, beside: floor, limit: 2.2, aim: 1.6}},
		},
		{
			id: "polling", title: "long-polling echo, 50 connections", unit: "echo", peers: []string{node},
			config: loadgen.Config{Scenario: loadgen.Echo, Transport: "polling", Connections: 50, Duration: d},
			marks:  []mark{{title: "long-polling echo, 50 connections", metric: serverCPU, beside: node, limit: 0.75, aim: 0.5}},
		},
		{
			id: "stuck", title: "broadcast of 1 KiB to 1 000", unit: "delivery", peers: []string{}, stuck: true,
			config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, PayloadBytes: 1024, Duration: d},
			marks: []mark{{
				title: "broadcast of 1 KiB to 1 000 and one that reads nothing, per delivery", metric: serverCPU, beside: siohub,
				limit: 1.1, aim: 1.03, of: hindered(siohub),
			}},
		},
		{
			id: "idle", title: "10 000 idle",
			// One heartbeat of each connection falls into the measured time.
			config: loadgen.Config{Scenario: loadgen.Idle, Connections: 10000, Warmup: rest, Duration: 25 * time.Second},
			marks: []mark{
				{title: "an idle WebSocket after 10 s of rest, RSS", metric: memory, beside: floor, limit: 1, aim: 0.4},
				{title: "idle CPU per connection and second", metric: serverCPU, limit: 1, aim: 0.5},
			},
		},
	}
}
