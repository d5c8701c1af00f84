package loadgen

import (
	"fmt"
	"strings"
	"time"
)

// Result is what a run has shown.
type Result struct {
	// Scenario and Connections are what was asked for.
	Scenario    Scenario `json:"scenario"`
	Connections int      `json:"connections"`
	// PayloadBytes is the size of the data of each event.
	PayloadBytes int `json:"payload_bytes"`
	// Elapsed is how long was measured.
	Elapsed time.Duration `json:"elapsed_ns"`
	// Operations were completed in that time.
	Operations int64 `json:"operations"`
	// Latency is how long an operation took, where the scenario has operations.
	Latency Latency `json:"latency"`
	// Connects is the time that it took to make all connections.
	Connects time.Duration `json:"connects_ns"`
	// Processes are those of Config.PIDs, in their order.
	Processes []Process `json:"processes,omitempty"`
}

// Latency is a distribution in a few points, exact to 3 %.
type Latency struct {
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	Max  time.Duration `json:"max_ns"`
}

// Process is what one of the server's processes has spent.
type Process struct {
	PID int `json:"pid"`
	// CPU is user and system time during the measurement, to 10 ms.
	CPU time.Duration `json:"cpu_ns"`
	// RSSBefore is the resident memory in bytes before the first connection, RSSAfter
	// that at the end of the measurement.
	RSSBefore int64 `json:"rss_before_bytes"`
	RSSAfter  int64 `json:"rss_after_bytes"`
}

// PerSecond is the rate of operations.
func (r *Result) PerSecond() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Operations) / r.Elapsed.Seconds()
}

// CPUPerOperation is what an operation has cost the i-th process; zero when there
// was none.
func (r *Result) CPUPerOperation(i int) time.Duration {
	if r.Operations == 0 {
		return 0
	}
	return r.Processes[i].CPU / time.Duration(r.Operations)
}

// BytesPerConnection is how much memory a connection has cost the i-th process.
func (r *Result) BytesPerConnection(i int) int64 {
	return (r.Processes[i].RSSAfter - r.Processes[i].RSSBefore) / int64(max(1, r.Connections))
}

// String is a table for people.
func (r *Result) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-22s "+format+"\n", append([]any{name}, args...)...)
	}
	row("scenario", "%s, %d connections, %d B", r.Scenario, r.Connections, r.PayloadBytes)
	row("connected in", "%v", r.Connects.Round(time.Millisecond))
	if r.Operations > 0 {
		row("operations", "%d in %v, %.0f/s", r.Operations, r.Elapsed.Round(time.Millisecond), r.PerSecond())
		l := r.Latency
		row("p50 p90 p99 p99.9 max", "%v %v %v %v %v", l.P50, l.P90, l.P99, l.P999, l.Max)
	}
	for i, p := range r.Processes {
		row(fmt.Sprintf("process %d", p.PID), "%v CPU, %v an operation, %.1f MiB, %d B a connection",
			p.CPU, r.CPUPerOperation(i), float64(p.RSSAfter)/(1<<20), r.BytesPerConnection(i))
	}
	return b.String()
}
