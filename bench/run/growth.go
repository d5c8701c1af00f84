package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// axis is one thing that grows while all else stays.
type axis struct {
	id, title string
	steps     []step
}

// step is a point on it: its name in a table, and what it does to a workload.
type step struct {
	name string
	set  func(*loadgen.Config)
}

// growing leads the ids of the workloads of an axis.
const growing = "grow-"

// grows says whether a workload is a step on an axis.
func (w workload) grows() bool { return strings.HasPrefix(w.id, growing) }

func axes() []axis {
	connections := func(n int) func(*loadgen.Config) { return func(c *loadgen.Config) { c.Connections = n } }
	payload := func(n int) func(*loadgen.Config) { return func(c *loadgen.Config) { c.PayloadBytes = n } }
	return []axis{
		{"connections", "connections", []step{
			{"1 000", connections(1000)}, {"5 000", connections(5000)}, {"15 000", connections(15000)},
		}},
		{"rooms", "rooms a socket, each of 10", []step{
			{"1", func(*loadgen.Config) {}},
			{"100", func(c *loadgen.Config) { c.RoomsPerSocket, c.Rooms = 100, 100*c.Connections/10 }},
		}},
		{"namespaces", "namespaces", []step{
			{"1", func(*loadgen.Config) {}},
			{"1 000", func(c *loadgen.Config) { c.Namespaces = 1000 }},
		}},
		{"payload", "bytes of payload", []step{
			{"32 B", payload(32)}, {"1 KiB", payload(1 << 10)}, {"100 KiB", payload(100 << 10)},
		}},
	}
}

// growth are the workloads that grow along one axis at a time.
func growth(d time.Duration) []workload {
	echo := workload{title: "echo", unit: "echo", config: loadgen.Config{Scenario: loadgen.Echo, Connections: 100, Duration: d}}
	broadcast := workload{title: "broadcast", unit: "delivery", config: loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Duration: d}}
	rooms := workload{title: "rooms of 10", unit: "delivery", config: loadgen.Config{Scenario: loadgen.Room, Connections: 1000, Duration: d}}
	idle := workload{title: "idle", config: loadgen.Config{Scenario: loadgen.Idle, Connections: 1000, Warmup: rest, Duration: 2 * time.Second}}
	// Echoes go over as many connections as there are namespaces.
	many := echo
	many.config.Connections = 1000
	along := map[string][]workload{
		"connections": {echo, broadcast, rooms, idle},
		"rooms":       {rooms, idle},
		"namespaces":  {many, idle},
		"payload":     {echo, broadcast},
	}
	var all []workload
	for _, a := range axes() {
		for _, w := range along[a.id] {
			for i, s := range a.steps {
				one := w
				one.id = fmt.Sprintf("%s%s-%s-%d", growing, a.id, strings.Fields(w.title)[0], i+1)
				one.title += ", " + s.name
				one.axis, one.step, one.row = a.id, s.name, w.title
				one.peers = []string{floor}
				s.set(&one.config)
				all = append(all, one)
			}
		}
	}
	return all
}

// grown has a table for each axis: what an operation costs at each step, and how
// much that is of the first.
func grown(samples []sample) string {
	var b strings.Builder
	for _, a := range axes() {
		fmt.Fprintf(&b, "### By %s\n\n| | |", a.title)
		for _, s := range a.steps {
			fmt.Fprintf(&b, " %s |", s.name)
		}
		b.WriteString(" of the first |\n|---|---|" + strings.Repeat("---|", len(a.steps)+1) + "\n")
		var rows []string
		cells := map[string][]spread{}
		for _, w := range growth(0) {
			if w.axis == a.id {
				rows = w.grown(of(samples, w.id), rows, cells)
			}
		}
		for _, row := range rows {
			fmt.Fprintf(&b, "| %s |", row)
			first := cells[row][0].median
			var ratios []string
			for _, c := range cells[row] {
				fmt.Fprintf(&b, " %s |", c)
				ratios = append(ratios, fmt.Sprintf("%.2f", c.median/cmp.Or(first, 1)))
			}
			b.WriteString(strings.Repeat(" – |", len(a.steps)-len(cells[row])) + " " + strings.Join(ratios, ", ") + " |\n")
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// grown adds the cells of one step to the rows of its axis.
func (w workload) grown(samples []sample, rows []string, cells map[string][]spread) []string {
	per := ", µs per " + w.unit
	for _, peer := range names(samples) {
		for _, f := range []struct {
			name   string
			metric metric
		}{{per, serverCPU}, {per + ", service", appCPU}, {", bytes a connection", memory}} {
			s, ok := f.metric.of(samples, peer)
			// Two seconds of doing nothing say nothing about CPU.
			if !ok || s.median <= 0 || (w.unit == "" && f.metric.unit == serverCPU.unit) {
				continue
			}
			row := w.row + f.name + " | " + title(peer)
			if !slices.Contains(rows, row) {
				rows = append(rows, row)
			}
			cells[row] = append(cells[row], s)
		}
	}
	return rows
}
