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
func marks(d time.Duration) []workload { return append(marksOfEchoes(d), marksOfMany(d)...) }

func marksOfEchoes(d time.Duration) []workload {
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
		partial("echo-rate", "5 000", loadgen.Config{Rate: 5000, Duration: d}, mark{limit: 1.4, aim: 0.9}, mark{limit: 37, aim: 30}, mark{limit: 2, aim: 1}),
		partial("echo-slow", "1 000", loadgen.Config{Rate: 1000, Duration: d}, mark{limit: 0.9, aim: 0.7}, mark{limit: 70, aim: 60}, mark{limit: 1, aim: 0.8}),
		{
			id: "echo-100k", title: "echo of 100 KiB, 50 connections", unit: "echo",
			config: loadgen.Config{Scenario: loadgen.Echo, Connections: 50, PayloadBytes: 100 << 10, Duration: d},
			marks:  []mark{{title: "echo of 100 KiB, 50 connections", metric: serverCPU, beside: floor, limit: 4.5, aim: 2}},
		},
	}
}

// marksOfMany are those of broadcasts, and of browsers that come or are just there.
func marksOfMany(d time.Duration) []workload {
	return []workload{
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

// partial is an echo at a fixed rate: what a hub costs that is not full and so gathers
// nothing. Hub, app and late are the limits and aims of the hub's CPU and of the p99, of
// Node's, and of the service's CPU.
func partial(id, rate string, config loadgen.Config, hub, app, late mark) workload {
	config.Scenario, config.Connections = loadgen.Echo, 100
	at := "echo at a fixed " + rate + "/s"
	hub.title, hub.metric, hub.beside = at, serverCPU, node
	app.title, app.metric = at+", the service's own CPU", appCPU
	late.title, late.metric, late.beside = at+", p99", p99, node
	return workload{
		id: id, title: "echo at " + rate + " a second, 100 connections", unit: "echo", config: config,
		marks: []mark{hub, app, late},
	}
}
