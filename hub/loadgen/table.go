package loadgen

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// unit is what an operation is called.
func (s Scenario) unit() (one, many string) {
	switch s {
	case Echo:
		return "echo", "echoes"
	case Connect:
		return "connect", "connects"
	case Idle:
		return "", ""
	default:
		return "delivery", "deliveries"
	}
}

// starts is what of its operations a scenario starts.
func (s Scenario) starts() string {
	switch s {
	case Fanout:
		return "broadcasts"
	case Room:
		return "triggers"
	default:
		_, many := s.unit()
		return many
	}
}

// Line is a progress report for people, on one line; config is the run's.
func (p Progress) Line(config Config) string {
	config = config.withDefaults()
	_, many := config.Scenario.unit()
	line := fmt.Sprintf("%4.0fs  %-10s  ", p.Elapsed.Seconds(), p.Phase)
	switch {
	case p.Phase == Connecting:
		line += fmt.Sprintf("%s of %s connected, %s/s", thousands(p.Connected), thousands(config.Connections), rate(p.PerSecond))
	case config.Scenario == Idle:
		line += thousands(p.Connected) + " connected"
	case config.Scenario == Connect:
		line += fmt.Sprintf("%s %s, %s/s", thousands(p.Operations), many, rate(p.PerSecond))
	default:
		line += fmt.Sprintf("%s connected, %s %s, %s/s", thousands(p.Connected), thousands(p.Operations), many, rate(p.PerSecond))
	}
	if p.Errors > 0 {
		line += fmt.Sprintf(", %s errors", thousands(p.Errors))
	}
	return line
}

// String is a table for people.
func (r *Result) String() string {
	var b strings.Builder
	t := table{tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)}
	r.printLoad(t)
	if r.Scenario != Idle {
		r.printOperations(t)
	}
	for _, e := range r.Errors {
		t.row("error", "%s × %s: %s", thousands(e.Count), e.Kind, e.Reason)
	}
	if len(r.Errors) == 0 {
		t.row("errors", "none")
	}
	for i, p := range r.Processes {
		memory := bytesOf(p.RSSAfter) + ", " + r.memory(i)
		if p.RSSAfter == 0 {
			memory = "it has ended"
		}
		t.row(fmt.Sprintf("process %d", p.PID), "%s; %s", r.cpu(p), memory)
	}
	if r.Generator.CPU > 0 {
		t.row("generator", "%s; %s", r.cpu(r.Generator), bytesOf(r.Generator.RSSAfter))
	}
	_ = t.Flush() // into memory
	return b.String()
}

// printLoad prints what was done.
func (r *Result) printLoad(t table) {
	t.row("server", "%s, %s", r.URL, r.Transport)
	load := string(r.Scenario)
	if r.Scenario != Idle && r.Scenario != Connect {
		load += fmt.Sprintf(", %s of payload", bytesOf(int64(r.PayloadBytes)))
	}
	if r.Burst > 1 {
		load += fmt.Sprintf(", bursts of %d", r.Burst)
	}
	if r.RoomsPerSocket > 0 {
		load += fmt.Sprintf(", %s rooms, %d for each connection", thousands(r.Rooms), r.RoomsPerSocket)
	}
	switch {
	case r.Scenario == Idle:
	case r.Rate > 0:
		load += fmt.Sprintf(", %s %s a second", rate(r.Rate), r.Scenario.starts())
	case r.Scenario == Echo:
		load += ", closed loop, one under way on each connection"
	default:
		load += fmt.Sprintf(", closed loop, %d under way", r.InFlight)
	}
	t.row("load", "%s", load)
	if r.Scenario != Connect {
		in := "/"
		if r.Namespaces > 1 {
			in = thousands(r.Namespaces) + " namespaces"
		}
		t.row("connections", "%s of %s in %s, made in %s (%s/s)", thousands(r.Connected), thousands(r.Connections), in,
			digits(r.Connects), rate(float64(r.Connected)/max(r.Connects.Seconds(), 1e-9)))
	}
	how := ""
	if r.Interrupted {
		how = ", then interrupted"
	} else if r.Ended != "" {
		how = ", then ended: " + r.Ended
	}
	t.row("measured", "%s%s", digits(r.Elapsed), how)
}

// printOperations prints the results.
func (r *Result) printOperations(t table) {
	_, many := r.Scenario.unit()
	t.row(many, "%s, %s/s", thousands(r.Operations), rate(r.PerSecond()))
	if r.Rate > 0 {
		t.row("started", "%s of %s due %s; %s were due and not started at the end", thousands(r.Started), thousands(r.Due),
			r.Scenario.starts(), thousands(r.NotStarted))
		t.row("started late by", "%s", r.Lag)
	}
	name := "latency"
	if r.Rate > 0 {
		name = "latency from due"
	}
	t.row(name, "%s", r.Latency)
	if r.OldestUnderWay > time.Second {
		t.row("no answer", "%s %s at the end, the oldest for %s", thousands(r.UnderWay), many, digits(r.OldestUnderWay))
	}
}

// String is the distribution on one line.
func (l Latency) String() string {
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", digits(l.P50), digits(l.P90), digits(l.P99), digits(l.P999), digits(l.Max))
}

// cpu is what a process has spent, for an operation and in cores.
func (r *Result) cpu(p Process) string {
	cores := p.CPU.Seconds() / max(r.Elapsed.Seconds(), 1e-9)
	if r.Scenario == Idle {
		each := p.CPU.Seconds() * 1e6 / max(1, float64(r.Connected)*r.Elapsed.Seconds())
		return fmt.Sprintf("%.2f µs of CPU per connection and second, %.2f cores", each, cores)
	}
	one, _ := r.Scenario.unit()
	return fmt.Sprintf("%.2f µs of CPU per %s, %.2f cores", float64(r.perOperation(p))/1e3, one, cores)
}

// memory is what the connections have cost a process.
func (r *Result) memory(i int) string {
	if r.Scenario == Connect {
		return bytesOf(r.Processes[i].RSSBefore) + " before"
	}
	return bytesOf(r.BytesPerConnection(i)) + " per connection"
}

type table struct{ *tabwriter.Writer }

func (t table) row(name, format string, args ...any) {
	fmt.Fprintf(t, name+"\t"+format+"\n", args...)
}

// digits keeps three digits.
func digits(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// thousands writes a number in groups of three.
func thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// rate writes what a second has.
func rate(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'g', 3, 64)
	}
	return thousands(int64(perSecond + 0.5))
}

// bytesOf writes a size.
func bytesOf(n int64) string {
	switch {
	case n >= 10<<20 || n <= -10<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10 || n <= -10<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
