package main

import (
	"fmt"
	"strings"
)

// What is assumed of the hubs' engine, in the words of docs/scaling.md: rooms of ten at a million deliveries a second, one hub
// on each machine.
const (
	emitsPerSecond = deliveriesPerSecond / roomSize
	hubs           = people / perNode
	// hearing is how many other hubs have somebody of a room of ten: 40 × (1 − (39/40)^10), less the one that emits.
	hearing = 8
)

// engineCost is what an emit costs an engine: µs of its CPU and bytes.
type engineCost struct {
	itself, each float64 // for the emit, and for each hub that it goes to
	in, out      float64 // bytes to the engine, and to each hub
	nobody       float64 // a hub that has nobody of it
}

// costOf takes it from the samples of two and of four hubs; ok is false where there are none. What goes to nobody but those
// that listen to everything tells it for twenty at a time; NATS sends such a thing to nobody, so that of NATS each is that of
// emits to rooms, one at a time.
func costOf(samples []clusterSample, engine string) (c engineCost, ok bool) {
	ok = true
	median := func(from, system, operation string, of func(clusterSample) float64) float64 {
		f, there := figure(samples, from, system, operation, of)
		ok = ok && there
		return f.median
	}
	slope := func(from, operation string, of func(clusterSample) float64) float64 {
		return (median(from, "hubs-4", operation, of) - median(from, "hubs-2", operation, of)) / 2
	}
	c.itself = median(engine, "hubs-2", "nobody", clusterSample.engineCPU)
	c.in = median(engine, "hubs-2", "room", clusterSample.in)
	c.out = slope(engine, "room", clusterSample.out)
	c.nobody = max(0, median(engine, "hubs-2", "nobody", clusterSample.other))
	switch engine {
	case "redis-sharded": // to a subscriber Redis writes it as it does with the other
		c.each = slope("redis", "nobody", clusterSample.engineCPU)
	case "nats":
		c.each = slope(engine, "room", clusterSample.engineCPU)
	default:
		c.each = slope(engine, "nobody", clusterSample.engineCPU)
		c.itself -= 2 * c.each
	}
	c.each = max(0, c.each)
	return c, ok
}

// enginePlan is the part of docs/scaling.md that follows from them.
func enginePlan(samples []clusterSample) string {
	var b strings.Builder
	b.WriteString(daysOf(samples) + "| engine | an emit, µs of the engine | each hub that it goes to | bytes in | bytes out to each | a hub that has nobody of it, µs |\n|---|---|---|---|---|---|\n")
	var follows strings.Builder
	follows.WriteString("\n| engine | goes to | CPU of the engine | out of it | into it | CPU of all hubs for what is not for them |\n|---|---|---|---|---|---|\n")
	for _, engine := range engineNames {
		c, ok := costOf(samples, engine)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %.2f | %.2f | %.0f | %.0f | %.2f |\n", engine, c.itself, c.each, c.in, c.out, c.nobody)
		to := float64(hearing)
		idle := "none"
		if engine == "redis" || engine == "redis-streams" {
			to = hubs
			idle = fmt.Sprintf("%s/s × %d × %.2f µs = %.1f cores", number(emitsPerSecond), hubs-hearing, c.nobody, emitsPerSecond*(hubs-hearing)*c.nobody/1e6)
		}
		gbit := func(bytes float64) string { return fmt.Sprintf("%.1f Gbit/s", emitsPerSecond*bytes*8/1e9) }
		fmt.Fprintf(&follows, "| `%s` | %.0f hubs | %s/s × (%.2f + %.0f × %.2f µs) = **%.1f cores** | **%s** | %s | %s |\n",
			engine, to, number(emitsPerSecond), c.itself, to, c.each, emitsPerSecond*(c.itself+to*c.each)/1e6, gbit(to*c.out), gbit(c.in), idle)
	}
	return b.String() + follows.String()
}
