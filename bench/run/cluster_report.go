package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// clusterSample is one round of one operation at one system: a line of the results.
// Everything is beyond what the same processes spend at rest, but for the operation idle.
type clusterSample struct {
	Series    time.Time     `json:"series"`
	Engine    string        `json:"engine"`
	System    string        `json:"system"`
	Operation string        `json:"operation"`
	Round     int           `json:"round"`
	Count     int           `json:"count,omitempty"`
	Elapsed   time.Duration `json:"elapsed"`
	// Servers is the CPU of each server; the first is the one that was asked.
	Servers   []time.Duration `json:"servers"`
	Service   time.Duration   `json:"service,omitempty"`
	EngineCPU time.Duration   `json:"engine_cpu"`
	// In and Out are bytes to and from the engine.
	In  int64 `json:"in"`
	Out int64 `json:"out"`
}

// per is for an operation, or a second where there is none.
func (s clusterSample) per(v float64) float64 {
	if s.Operation == idle {
		return v / s.Elapsed.Seconds()
	}
	return v / float64(max(1, s.Count))
}

func (s clusterSample) micros(d time.Duration) float64 {
	return s.per(float64(d.Nanoseconds()) / 1e3)
}

// The figures of a sample: µs of CPU, bytes.
func (s clusterSample) first() float64 { return s.micros(s.Servers[0]) }
func (s clusterSample) other() float64 { return (s.all() - s.first()) / float64(len(s.Servers)-1) }
func (s clusterSample) all() float64 {
	var all time.Duration
	for _, d := range s.Servers {
		all += d
	}
	return s.micros(all)
}
func (s clusterSample) service() float64   { return s.micros(s.Service) }
func (s clusterSample) engineCPU() float64 { return s.micros(s.EngineCPU) }
func (s clusterSample) in() float64        { return s.per(float64(s.In)) }
func (s clusterSample) out() float64       { return s.per(float64(s.Out)) }
func (s clusterSample) rate() float64      { return float64(s.Count) / s.Elapsed.Seconds() }

// String is a line of progress.
func (s clusterSample) String() string {
	return fmt.Sprintf("-- %s, %s, %s, round %d: servers %.2f (%.2f, others %.2f each), service %.2f, engine %.2f µs, %.0f B in, %.0f B out, %.0f/s",
		s.Engine, s.System, s.Operation, s.Round, s.all(), s.first(), s.other(), s.service(), s.engineCPU(), s.in(), s.out(), s.rate())
}

// kept reports whether a round had the rate that was asked for: on a busy machine ticks are late, and what comes together costs less
// than what was to be measured, or the emitter is held up, and it costs more.
func (s clusterSample) kept() bool {
	for _, op := range operations {
		if op.id == s.Operation {
			return s.rate() >= 0.9*op.rate
		}
	}
	return true
}

// figure is the median of the rounds, less those that were not kept to their rate.
func figure(samples []clusterSample, engine, system, operation string, of func(clusterSample) float64) (spread, bool) {
	var values []float64
	for _, s := range samples {
		if s.Engine == engine && s.System == system && s.Operation == operation && s.kept() {
			values = append(values, of(s))
		}
	}
	return middle(values)
}

// clusterTable has a line for each operation at each system.
func clusterTable(engine string, systems []system, samples []clusterSample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| `%s` | servers | CPU of all servers, µs | of Node | the first | each other | service | engine | to / from the engine, B | per second |\n", engine)
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	rows := append(slices.Concat(operations, comparedOperations), operation{id: idle, title: "nothing, per second"})
	for _, op := range rows {
		for _, s := range systems {
			all, ok := figure(samples, engine, s.id, op.id, clusterSample.all)
			if !ok {
				continue
			}
			median := func(of func(clusterSample) float64) float64 {
				f, _ := figure(samples, engine, s.id, op.id, of)
				return f.median
			}
			ofNode, service, rate := "–", "–", "–"
			if node, ok := figure(samples, engine, "node-2", op.id, clusterSample.all); ok && !s.node && op.id != idle {
				ofNode = fmt.Sprintf("%.2f", all.median/node.median)
			}
			if !s.node {
				service = fmt.Sprintf("%.2f", median(clusterSample.service))
			}
			if op.id != idle {
				rate = number(median(clusterSample.rate))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %.2f | %.2f | %s | %.2f | %.0f / %.0f | %s |\n", op.title, s.title, all, ofNode,
				median(clusterSample.first), median(clusterSample.other), service, median(clusterSample.engineCPU), median(clusterSample.in), median(clusterSample.out), rate)
		}
	}
	return b.String()
}

// clusterMark is a figure that two hubs are held to.
type clusterMark struct {
	title, engine, operation string
	of                       func(clusterSample) float64
	// ofNode takes it as a part of what two Node servers cost.
	ofNode bool
	limit  float64
}

// unmeasurable is what cannot be told from nothing: a few wake-ups in twenty thousand.
const unmeasurable = 0.1

func clusterMarks() []clusterMark {
	marks := []clusterMark{
		{"a hub that has nobody of the room, at 20 000 a second, µs", "redis", "nobody", clusterSample.other, false, 2},
		{"the same, µs", "redis-sharded", "nobody", clusterSample.other, false, unmeasurable},
	}
	for _, engine := range engineNames {
		for _, op := range operations {
			if engine != "nats" {
				marks = append(marks, clusterMark{op.title + ", µs of all servers", engine, op.id, clusterSample.all, true, 0.5})
			}
		}
	}
	return marks
}

// markedClusters is the table of marks.
func markedClusters(samples []clusterSample) string {
	var b strings.Builder
	b.WriteString("| | engine | 2 hubs | 2 Node | of Node | mark | reached |\n|---|---|---|---|---|---|---|\n")
	for _, m := range clusterMarks() {
		own, ok := figure(samples, m.engine, "hubs-2", m.operation, m.of)
		if !ok {
			continue
		}
		node, beside := figure(samples, m.engine, "node-2", m.operation, m.of)
		value, sign, theirs, ratio := own.median, "≤", "–", "–"
		if beside {
			theirs = node.String()
		}
		if beside && m.ofNode {
			value, sign = own.median/node.median, "of Node ≤"
			ratio = fmt.Sprintf("%.2f", value)
		}
		reached := "yes"
		if value > m.limit {
			reached = "**no**"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s %g | %s |\n", m.title, m.engine, own, theirs, ratio, sign, m.limit, reached)
	}
	return b.String()
}

// daysOf says when and where the samples were taken.
func daysOf(samples []clusterSample) string {
	var days []string
	for _, s := range samples {
		if day := s.Series.Format(dateOfSeries); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return fmt.Sprintf("%s, %s\n\n", strings.Join(days, " and "), machine())
}

// clusterFigures is all that bench/README.md has of them.
func clusterFigures(samples []clusterSample) string {
	var b strings.Builder
	b.WriteString(daysOf(samples) + markedClusters(samples))
	for _, engine := range engineNames {
		if slices.ContainsFunc(samples, func(s clusterSample) bool { return s.Engine == engine }) {
			b.WriteString(clusterTable(engine, systems, samples))
		}
	}
	return b.String()
}

// clusterResults is where the rounds are kept.
const clusterResults = "bench/results/cluster.jsonl"

// keepClusters puts the samples of an engine in the place of its last ones.
func keepClusters(engine string, samples []clusterSample) error {
	all, err := readLines[clusterSample](clusterResults)
	if err != nil {
		return err
	}
	return writeLines(clusterResults, append(slices.DeleteFunc(all, func(s clusterSample) bool { return s.Engine == engine }), samples...))
}
