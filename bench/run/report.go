package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// titles are the servers in prose.
var titles = map[string]string{siohub: "siohub", node: "Node socket.io", floor: "floor"}

// title is a peer in prose; a label stands for itself.
func title(peer string) string {
	if t := titles[peer]; t != "" {
		return t
	}
	return peer
}

// names are the peers of a series, in their order.
func names(samples []sample) []string {
	var all []string
	for _, s := range samples {
		if !slices.Contains(all, s.Peer) {
			all = append(all, s.Peer)
		}
	}
	return all
}

const detailHead = "| workload | server | server CPU µs | of Node | R | service CPU µs | per second | p50 / p99 ms | bytes a connection |\n" +
	"|---|---|---|---|---|---|---|---|---|\n"

// summary is a series as a table.
func summary(w workload, samples []sample) string { return "\n" + detailHead + details(w, samples) }

// details has a line for each server under a workload.
func details(w workload, samples []sample) string {
	var b strings.Builder
	for _, peer := range names(samples) {
		cpu, _ := serverCPU.of(samples, peer)
		app, _ := appCPU.of(samples, peer)
		rate, _ := metric{value: func(s sample) float64 { return s.Result.PerSecond() }}.of(samples, peer)
		p50, _ := metric{value: func(s sample) float64 { return float64(s.Result.Latency.P50) / float64(time.Millisecond) }}.of(samples, peer)
		p99, _ := p99.of(samples, peer)
		bytes, _ := memory.of(samples, peer)
		speed, latency, size := "–", "–", "–"
		unit := ", per connection and second"
		if w.unit != "" {
			unit = ", per " + w.unit
			speed, latency = fmt.Sprintf("%.0f", rate.median), fmt.Sprintf("%.2f / %.2f", p50.median, p99.median)
		}
		if bytes.median > 0 {
			size = fmt.Sprintf("%.0f (%.0f–%.0f)", bytes.median, bytes.least, bytes.greatest)
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s | %s | %s | %s | %s | %s | %s |\n", w.title, unit, title(peer), cpu,
			ratio(serverCPU, samples, peer, node), ratio(serverCPU, samples, peer, floor), optional(app.median), speed, latency, size)
	}
	return b.String()
}

// ratio of one peer's median to another's.
func ratio(m metric, samples []sample, peer, other string) string {
	if r, ok := ratioOf(m, samples, peer, other); ok {
		return fmt.Sprintf("%.2f", r)
	}
	return "–"
}

func ratioOf(m metric, samples []sample, peer, other string) (float64, bool) {
	a, ok := m.of(samples, peer)
	b, ok2 := m.of(samples, other)
	if !ok || !ok2 || b.median <= 0 {
		return 0, false
	}
	return a.median / b.median, true
}

// marked is the table of marks. Every series stands for itself.
func marked(workloads []workload, samples []sample) string {
	var b strings.Builder
	here, scale := slowness(samples)
	b.WriteString("| | siohub | Node | floor | of Node | R, of the floor | mark | aim | reached |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, w := range workloads {
		mine := of(samples, w.id)
		for _, m := range w.marks {
			who := cmp.Or(m.of, siohub)
			own, ok := m.metric.of(mine, who)
			if !ok {
				continue
			}
			value, sign := own.median*scale, "scaled "
			if m.beside != "" {
				value, ok = ratioOf(m.metric, mine, who, m.beside)
				sign = map[string]string{floor: "R ", node: "of Node ", siohub: "of without "}[m.beside]
			}
			reached := "**no**"
			switch {
			case !ok:
				reached = "–"
			case value <= m.aim:
				reached = "aim"
			case value <= m.limit:
				reached = "mark"
			}
			fmt.Fprintf(&b, "| %s, %s | %s | %s | %s | %s | %s | %s≤ %g | %s≤ %g | %s |\n", m.title, m.metric.unit, own,
				cell(m.metric, mine, node), cell(m.metric, mine, floor), ratio(m.metric, mine, siohub, node),
				ratio(m.metric, mine, siohub, floor), sign, m.limit, sign, m.aim, reached)
		}
	}
	if here > 0 {
		fmt.Fprintf(&b, "\n*scaled*: a mark in µs was set on a machine where an echo costs the floor %g µs. Here it costs %.2f, so what is\n"+
			"measured counts times %.2f.\n", referenceEcho, here, scale)
	}
	return b.String()
}

// referenceEcho is what an echo costs the floor on the machine that the marks in µs
// were set on.
const referenceEcho = 4.94

// slowness is what an echo costs the floor here, and the factor from this machine's µs
// to that of the marks; 0 and 1 where nobody has measured it.
func slowness(samples []sample) (here, scale float64) {
	if s, ok := serverCPU.of(of(samples, "echo"), floor); ok && s.median > 0 {
		return s.median, referenceEcho / s.median
	}
	return 0, 1
}

func cell(m metric, samples []sample, peer string) string {
	if s, ok := m.of(samples, peer); ok && s.median >= 0 {
		return s.String()
	}
	return "–"
}

// String rounds by size.
func (s spread) String() string {
	if s.median >= 1000 {
		return fmt.Sprintf("%.0f (%.0f–%.0f)", s.median, s.least, s.greatest)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.least, s.greatest)
}

func optional(v float64) string {
	if v < 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

// of are the samples of one workload.
func of(samples []sample, workload string) []sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { return s.Workload != workload })
}

// comparison says what each program costs of the first one: the median and range of
// the ratios within the rounds, which a change of the machine's speed between rounds
// does not touch.
func comparison(w workload, samples []sample, labels []string) string {
	var b strings.Builder
	for _, label := range labels[1:] {
		for _, m := range []struct {
			name string
			metric
		}{{"server CPU", serverCPU}, {"service CPU", appCPU}, {"memory", memory}} {
			if r, ok := paired(m.metric, samples, labels[0], label); ok {
				fmt.Fprintf(&b, "%s: %s/%s, %s: %.3f (%.3f–%.3f)\n", w.id, label, labels[0], m.name, r.median, r.least, r.greatest)
			}
		}
	}
	return b.String() + "\n"
}

// paired are the ratios of two peers round by round.
func paired(m metric, samples []sample, base, label string) (spread, bool) {
	values := map[string]map[int]float64{base: {}, label: {}}
	for _, s := range samples {
		if of := values[s.Peer]; of != nil {
			of[s.Round] = m.value(s)
		}
	}
	var ratios []float64
	for round, v := range values[label] {
		if b := values[base][round]; b > 0 && v > 0 {
			ratios = append(ratios, v/b)
		}
	}
	return middle(ratios)
}

// machine is what the figures hold for.
func machine() string {
	return fmt.Sprintf("%s/%s, %d cores, Go %s.", runtime.GOOS, runtime.GOARCH, machineCores(), strings.TrimPrefix(runtime.Version(), "go"))
}

// machineCores counts all of the machine, not those that this program may use.
func machineCores() int {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.NumCPU()
	}
	return strings.Count(string(info), "\nprocessor") + 1
}
