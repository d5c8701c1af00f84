package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A hub under load keeps little and allocates much: with the runtime's habit of
// collecting once the heap has doubled it collects tens of times a second. So small
// heaps are let grow to heapFloor; larger ones double, as ever.
const heapFloor = 24 << 20

// usualPercent is the runtime's default for GOGC.
const usualPercent = 100

// heapTuner sets the garbage collector's percentage after each collection.
type heapTuner struct {
	percent int
	samples []metrics.Sample
}

// tuneHeap keeps the heap floor until the process ends, unless GOGC says what to do.
func tuneHeap() {
	if os.Getenv("GOGC") != "" {
		return
	}
	t := &heapTuner{percent: usualPercent}
	for _, name := range []string{"/gc/heap/live:bytes", "/gc/scan/stack:bytes", "/gc/scan/globals:bytes"} {
		t.samples = append(t.samples, metrics.Sample{Name: name})
	}
	t.collected()
}

// collected looks at what is left after a collection, and sees to it that it is
// called after the next one: a finalizer runs then, and without a goroutine or a timer.
func (t *heapTuner) collected() {
	metrics.Read(t.samples)
	percent := percentFor(t.samples[0].Value.Uint64(), t.samples[1].Value.Uint64()+t.samples[2].Value.Uint64())
	// Setting it stops the world for a moment: small changes do not matter.
	if percent > t.percent+t.percent/4 || percent < t.percent-t.percent/4 {
		debug.SetGCPercent(percent)
		t.percent = percent
	}
	sentinel := &struct{ _ *heapTuner }{}
	runtime.SetFinalizer(sentinel, func(any) { t.collected() })
}

// percentFor is the percentage with which the next collection begins at heapFloor,
// or at twice the live heap if that is more. Roots are the bytes of stacks and globals,
// which the runtime counts as live.
func percentFor(live, roots uint64) int {
	if live >= heapFloor/2 {
		return usualPercent
	}
	return max(int((heapFloor-live)*100/max(live+roots, 1<<20)), usualPercent)
}
