package rates

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// every is how often the memory is looked at, at most.
const every = 200 * time.Millisecond

// Memory compares what the process holds with the limit that it was given (GOMEMLIMIT). All methods may be
// called at the same time.
type Memory struct {
	share float64
	start time.Time
	used  func() (used, limit uint64)

	next  atomic.Int64 // since start; when to look again
	tight atomic.Bool
}

// NewMemory returns one that is tight from this percentage on. Zero means never.
func NewMemory(percent int) *Memory {
	return &Memory{share: float64(percent) / 100, start: time.Now(), used: memoryInUse}
}

// Tight reports whether nothing that costs memory should begin. Without a limit it is never so.
func (m *Memory) Tight() bool {
	if m.share <= 0 {
		return false
	}
	now := int64(time.Since(m.start))
	next := m.next.Load()
	if now >= next && m.next.CompareAndSwap(next, now+int64(every)) {
		used, limit := m.used()
		m.tight.Store(limit > 0 && float64(used) > m.share*float64(limit))
	}
	return m.tight.Load()
}

// memoryInUse is what cannot be given back: the heap that the last collection has found alive, and stacks. A limit
// of zero means none.
func memoryInUse() (used, limit uint64) {
	most := debug.SetMemoryLimit(-1)
	if most == math.MaxInt64 {
		return 0, 0
	}
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/os-stacks:bytes"}, {Name: "/memory/classes/metadata/other:bytes"},
	}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			used += s.Value.Uint64()
		}
	}
	return used, uint64(most)
}
