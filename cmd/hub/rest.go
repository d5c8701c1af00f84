package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A hub that has taken in a wave of browsers keeps what that cost for minutes: Go collects only when the
// heap has doubled, or every two minutes, and gives back to the system hesitantly. So the hub
// collects once when it has come to rest.
const (
	// restLook is how often the heap is looked at.
	restLook = 3 * time.Second
	// A hub is at rest when it has allocated less than the larger of these since the last look: a number
	// of bytes, and a fraction of what is alive, for heartbeats cost something too.
	restBytes, restFraction = 1 << 20, 32
	// A collection is worth it when it gives back at least the larger of these. It gathers no sooner
	// than in restFraction/worthFraction looks, which bounds what the collections of a large heap cost.
	worthBytes, worthFraction = 4 << 20, 4
)

// A ballast is allocated and never touched, so that it costs addresses and no memory. Go counts it as alive: a small heap is
// collected when it has grown by so much, and not at every doubling of a few megabytes. With two processors a collection has both
// for 5 ms and more, and everybody waits so long: what counts is how seldom there is one. A hub that is at rest is
// collected anyhow.
const (
	ballastBytes = 64 << 20
	// ballastFraction of a memory limit is all that it has: Go counts it there, too.
	ballastFraction = 8
)

// ballast returns one that is small enough for a memory limit in bytes.
func ballast(limit int64) []byte { return make([]byte, min(ballastBytes, limit/ballastFraction)) }

// heap is what a look at the memory finds, in bytes.
type heap struct {
	allocated uint64 // since the start of the process
	alive     uint64 // at the end of the last collection
	objects   uint64 // alive, or dead and not collected
	free      uint64 // neither, and not given back to the system
}

// rested reports whether it is time to collect, from two looks that are restLook apart.
func rested(before, now heap) bool {
	if now.allocated-before.allocated >= max(restBytes, now.alive/restFraction) {
		return false
	}
	waste := now.free
	if now.objects > now.alive {
		waste += now.objects - now.alive
	}
	return waste >= max(worthBytes, now.alive/worthFraction)
}

// tidy collects garbage whenever the hub has come to rest, until stop is closed. With GOGC=off it leaves
// that to whoever has said so.
func tidy(stop <-chan struct{}) {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/gogc:percent"},
	}
	kept := ballast(debug.SetMemoryLimit(-1)) // which only reads it
	defer runtime.KeepAlive(kept)
	unused := uint64(len(kept))
	look := func() (h heap, off bool) {
		metrics.Read(samples)
		v := func(i int) uint64 { return samples[i].Value.Uint64() }
		return heap{allocated: v(0), alive: v(1) - min(v(1), unused), objects: v(2) - min(v(2), unused), free: v(3)}, v(4) == math.MaxUint64
	}
	ticker := time.NewTicker(restLook)
	defer ticker.Stop()
	before, off := look()
	for !off {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		var now heap
		if now, off = look(); rested(before, now) && !off {
			debug.FreeOSMemory()
		}
		before = now
	}
}
