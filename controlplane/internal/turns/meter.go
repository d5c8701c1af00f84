package turns

import (
	"runtime/metrics"
	"time"
)

// Meter reads from Go's runtime how this process fares. The zero value is ready; it is for one goroutine, ten times a second.
type Meter struct {
	samples []metrics.Sample
	counts  []uint64 // of waits, at the last look
	cycles  uint64   // at the last look
	recent  float64
}

// Read returns how it has fared since the last time.
func (m *Meter) Read() Strain {
	if m.samples == nil {
		m.samples = []metrics.Sample{{Name: "/sched/latencies:seconds"}, {Name: "/gc/cycles/automatic:gc-cycles"}}
	}
	metrics.Read(m.samples)
	waits, cycles := m.samples[0].Value.Float64Histogram(), m.samples[1].Value.Uint64()
	if m.counts == nil {
		m.counts, m.cycles = make([]uint64, len(waits.Counts)), cycles
	}
	wait := percentile(waits, m.counts)
	copy(m.counts, waits.Counts)
	const part = 10 // of a second
	m.recent += float64(cycles-m.cycles) - m.recent/part
	m.cycles = cycles
	return Strain{wait, m.recent}
}

// percentile is the 99th of what has come to a histogram of seconds since it had these counts: the lower end of its bucket.
func percentile(h *metrics.Float64Histogram, before []uint64) time.Duration {
	var n uint64
	for i, c := range h.Counts {
		n += c - before[i]
	}
	beyond := n / 100
	for i := len(h.Counts) - 1; i >= 0; i-- {
		c := h.Counts[i] - before[i]
		if c > beyond {
			return time.Duration(max(h.Buckets[i], 0) * float64(time.Second))
		}
		beyond -= c
	}
	return 0
}
