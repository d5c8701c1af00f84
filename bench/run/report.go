package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// row is the medians of one server under one workload.
type row struct {
	workload, unit, peer string
	// server and app are the cost: µs of CPU an operation, or a connection and second
	// where there are no operations. app is below zero where there is none.
	server, app float64
	// bytes is the server's memory a connection; zero where it was not asked for.
	bytes float64
	// ratio is server (of idle connections: bytes) over Node's.
	ratio            float64
	perSecond        float64
	p50, p99         time.Duration
	smallest, widest float64
}

// newRows takes the medians of all rounds of a workload.
func newRows(w workload, peers []peer, results map[string][]*loadgen.Result) []row {
	var rows []row
	for _, p := range peers {
		rs := results[p.name]
		r := row{workload: w.name, unit: w.unit, peer: p.name, app: -1}
		r.server, r.smallest, r.widest = median(rs, func(r *loadgen.Result) float64 { return cost(r, 0) })
		if len(rs[0].Processes) > 1 {
			r.app, _, _ = median(rs, func(r *loadgen.Result) float64 { return cost(r, 1) })
		}
		if w.unit == "" {
			r.bytes, _, _ = median(rs, func(r *loadgen.Result) float64 { return float64(r.BytesPerConnection(0)) })
		}
		r.perSecond, _, _ = median(rs, (*loadgen.Result).PerSecond)
		p50, _, _ := median(rs, func(r *loadgen.Result) float64 { return float64(r.Latency.P50) })
		p99, _, _ := median(rs, func(r *loadgen.Result) float64 { return float64(r.Latency.P99) })
		r.p50, r.p99 = time.Duration(p50), time.Duration(p99)
		rows = append(rows, r)
	}
	if i := slices.IndexFunc(rows, func(r row) bool { return strings.HasPrefix(r.peer, "Node") }); i >= 0 {
		node := rows[i]
		for j := range rows {
			if w.unit == "" {
				rows[j].ratio = rows[j].bytes / node.bytes
			} else {
				rows[j].ratio = rows[j].server / node.server
			}
		}
	}
	return rows
}

// cost is the i-th process's CPU in µs for an operation.
func cost(r *loadgen.Result, i int) float64 {
	per := float64(r.Operations)
	if r.Scenario == loadgen.Idle {
		per = float64(r.Connections) * r.Elapsed.Seconds()
	}
	return float64(r.Processes[i].CPU.Microseconds()) / max(1, per)
}

// median also gives the smallest and the greatest value.
func median(rs []*loadgen.Result, value func(*loadgen.Result) float64) (middle, smallest, greatest float64) {
	values := make([]float64, 0, len(rs))
	for _, r := range rs {
		values = append(values, value(r))
	}
	slices.Sort(values)
	return values[len(values)/2], values[0], values[len(values)-1]
}

// table writes the figures as Markdown.
func table(rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %d cores, Go %s.\n\n", time.Now().Format("2 January 2006"), runtime.GOOS, runtime.GOARCH,
		cores(), strings.TrimPrefix(runtime.Version(), "go"))
	b.WriteString("| workload | server | server CPU µs | of Node | service CPU µs | per second | p50 / p99 ms |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		if r.unit == "" {
			continue
		}
		fmt.Fprintf(&b, "| %s, per %s | %s | %.2f (%.2f–%.2f) | %.2f | %s | %.0f | %.2f / %.2f |\n", r.workload, r.unit, r.peer,
			r.server, r.smallest, r.widest, r.ratio, optional(r.app), r.perSecond,
			float64(r.p50)/float64(time.Millisecond), float64(r.p99)/float64(time.Millisecond))
	}
	b.WriteString("\n| workload | server | bytes a connection | of Node | CPU µs a connection and second | service CPU µs |\n")
	b.WriteString("|---|---|---|---|---|---|\n")
	for _, r := range rows {
		if r.unit == "" {
			fmt.Fprintf(&b, "| %s | %s | %.0f | %.2f | %.2f | %s |\n", r.workload, r.peer, r.bytes, r.ratio, r.server, optional(r.app))
		}
	}
	return b.String()
}

func optional(v float64) string {
	if v < 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

// cores counts all of the machine, not those that this program may use.
func cores() int {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.NumCPU()
	}
	return strings.Count(string(info), "\nprocessor") + 1
}

const (
	begin = "<!-- figures: written by make bench -->\n"
	end   = "<!-- end of figures -->"
)

// replaceFigures writes the figures between the two marks of a file.
func replaceFigures(path, figures string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks for the figures", path)
	}
	return os.WriteFile(path, []byte(head+begin+"\n"+figures+"\n"+end+tail), 0o644)
}
