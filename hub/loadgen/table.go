package loadgen

import (
	"fmt"
	"strings"
	"time"
)

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
	for _, e := range r.Errors {
		row("error", "%d × %s: %s", e.Count, e.Kind, e.Reason)
	}
	return b.String()
}
