package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// plan is the arithmetic of docs/scaling.md: what was measured, what is assumed, and
// what follows for ten million connections.
type plan struct {
	// Measured: µs of CPU, or bytes.
	echo, echoService, delivery, room, connect, connectService float64
	memory, idle                                               float64
}

// What is assumed, in the words of the document.
const (
	people = 10_000_000
	// perNode is what one machine carries; a lost one is this many reconnects.
	perNode = 250_000
	cores   = 16
	// severalCores is what an operation costs with several cores instead of one, full
	// what part of a machine's CPU is planned for.
	severalCores, full = 1.3, 0.5
	// kernelBytes is what the kernel keeps for an idle socket.
	kernelBytes = 4900
	// headroom is for garbage between two collections, and for bursts.
	headroom = 1.5
	// Each person sends an event a minute that wants an ack, gets six deliveries from
	// rooms of ten, and stays for half an hour.
	eventsPerSecond, deliveriesPerSecond, connectsPerSecond = people / 60.0, people * 6 / 60.0, people / 1800.0
	heartbeatsPerSecond                                     = people / 25.0
	// wireBytes is a small message on an Ethernet: 60 bytes of frame, TCP and IP with
	// timestamps, Ethernet; ackBytes a bare TCP ACK.
	wireBytes, ackBytes = 60 + 52 + 38, 52 + 38
)

// newPlan takes the medians; ok is false while a workload is missing.
func newPlan(samples []sample) (p plan, ok bool) {
	ok = true
	for _, f := range []struct {
		into     *float64
		workload string
		metric   metric
	}{
		{&p.echo, "echo", serverCPU}, {&p.echoService, "echo", appCPU},
		{&p.delivery, "broadcast-1k", serverCPU}, {&p.room, "rooms", serverCPU},
		{&p.connect, "connect", serverCPU}, {&p.connectService, "connect", appCPU},
		{&p.memory, "idle", memory}, {&p.idle, "idle", serverCPU},
	} {
		s, found := f.metric.of(of(samples, f.workload), siohub)
		*f.into, ok = s.median, ok && found
	}
	return p, ok
}

// line is a row of the document: a question, its arithmetic, the answer.
type line struct{ what, how, result string }

func (p plan) measured() []line {
	micros := func(v float64) string { return fmt.Sprintf("%.2f µs", v) }
	return []line{
		{"echo through a service, hub", "`echo`", micros(p.echo)},
		{"the same, service", "`echo`", micros(p.echoService)},
		{"delivery of a broadcast to 1 000", "`broadcast-1k`", micros(p.delivery)},
		{"delivery in a room of 10, a tenth of the trigger included", "`rooms`", micros(p.room)},
		{"connect with a decision, hub", "`connect`", micros(p.connect)},
		{"the same, service", "`connect`", micros(p.connectService)},
		{"idle connection and second", "`idle`", micros(p.idle)},
		{"idle connection, resident memory", "`idle`", fmt.Sprintf("%.0f B", p.memory)},
	}
}

// follows is the arithmetic. Every number in it is an assumption above or a figure
// of measured.
func (p plan) follows() []line {
	nodes := math.Ceil(people / float64(perNode))
	perConnection := p.memory*headroom + kernelBytes
	busy := func(perSecond, micros float64) float64 { return perSecond * micros / 1e6 }
	// A core's worth of work for each kind, on one core.
	parts := []struct {
		name              string
		perSecond, micros float64
	}{
		{"heartbeats", people, p.idle}, {"events with acks", eventsPerSecond, p.echo},
		{"deliveries", deliveriesPerSecond, p.room}, {"connects", connectsPerSecond, p.connect},
	}
	var lines []line
	var all float64
	for _, part := range parts {
		c := busy(part.perSecond, part.micros)
		all += c
		lines = append(lines, line{"CPU for " + part.name, fmt.Sprintf("%s/s × %.2f µs", number(part.perSecond), part.micros), fmt.Sprintf("%.1f cores", c)})
	}
	storm := perNode / (nodes - 1) // reconnects a second on each of the others, all in one second
	bits := func(bytes float64) string { return fmt.Sprintf("%.1f Gbit/s", bytes*8/1e9) }
	return append(lines,
		line{"CPU of all", fmt.Sprintf("%.1f × %.1f for several cores ÷ %.1f", all, severalCores, full), fmt.Sprintf("%.0f cores", all*severalCores/full)},
		line{"machines for CPU", fmt.Sprintf("that ÷ %d", cores), fmt.Sprintf("%.1f", all*severalCores/full/cores)},
		line{"memory a connection", fmt.Sprintf("%.0f × %.1f + %d", p.memory, headroom, kernelBytes), fmt.Sprintf("%.1f KB", perConnection/1e3)},
		line{"memory of all", number(people) + " × that", fmt.Sprintf("%.0f GB", people*perConnection/1e9)},
		line{"memory of a machine", number(perNode) + " × that", fmt.Sprintf("%.1f GB", perNode*perConnection/1e9)},
		line{"machines by the loss that can be borne", number(people) + " ÷ " + number(perNode), fmt.Sprintf("%.0f", nodes)},
		line{"heartbeats on the wire", fmt.Sprintf("%s/s × (2 messages × 97 + 2 ACKs × %d) B", number(heartbeatsPerSecond), ackBytes), bits(heartbeatsPerSecond * (2*97 + 2*ackBytes))},
		line{"deliveries on the wire", fmt.Sprintf("%s/s × (%d + %d) B", number(deliveriesPerSecond), wireBytes, ackBytes), bits(deliveriesPerSecond * (wireBytes + ackBytes))},
		line{"of it on one machine", "the two ÷ " + number(nodes), bits((heartbeatsPerSecond*(2*97+2*ackBytes) + deliveriesPerSecond*(wireBytes+ackBytes)) / nodes)},
		line{"services, the kit's share", fmt.Sprintf("%s/s × %.2f + %s/s × %.2f µs", number(eventsPerSecond), p.echoService, number(connectsPerSecond), p.connectService),
			fmt.Sprintf("%.1f cores", busy(eventsPerSecond, p.echoService)+busy(connectsPerSecond, p.connectService))},
		line{"a machine lost: reconnects on each other one", fmt.Sprintf("%s ÷ %.0f, within a second", number(perNode), nodes-1), number(storm) + "/s"},
		line{"their CPU there", fmt.Sprintf("that × %.2f µs × %.1f", p.connect, severalCores), fmt.Sprintf("%.1f of %d cores", busy(storm, p.connect)*severalCores, cores)},
		line{"their decisions, all services together", fmt.Sprintf("%s/s × %.2f µs", number(perNode), p.connectService), fmt.Sprintf("%.1f cores for that second", busy(perNode, p.connectService))},
		line{"everybody at once: the shortest time", fmt.Sprintf("%s × %.2f µs × %.1f ÷ (%.0f × %d cores)", number(people), p.connect, severalCores, nodes, cores),
			fmt.Sprintf("%.0f s", people*p.connect*severalCores/1e6/(nodes*cores))},
	)
}

// number groups the digits of a whole number.
func number(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

// planned are the tables of the document.
func planned(samples []sample) (string, bool) {
	p, ok := newPlan(samples)
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.WriteString(circumstances(samples) + "| measured on one core | row of `bin/bench` | |\n|---|---|---|\n")
	for _, l := range p.measured() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", l.what, l.how, l.result)
	}
	b.WriteString("\n| what follows | arithmetic | |\n|---|---|---|\n")
	for _, l := range p.follows() {
		fmt.Fprintf(&b, "| %s | %s | **%s** |\n", l.what, l.how, l.result)
	}
	return b.String(), true
}
