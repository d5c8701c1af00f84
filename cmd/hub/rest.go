package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
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
// for 5 ms and more, and everybody waits so long: what counts is how seldom there is one. But what is taken in for long, as
// browsers are, is scattered over all the room that garbage had meanwhile, and keeps it: an idle browser costs a quarter more
// with the larger one. So that is there only while a hub has much to do and does not grow.
const (
	ballastBytes     = 16 << 20
	busyBallastBytes = 64 << 20
	// A hub is busy that allocates so much between two looks.
	busyBytes = 16 << 20
	// A hub grows where, between two collections, the larger of these comes to what is alive.
	growthBytes, growthFraction = 2 << 20, 16
	// ballastFraction of a memory limit is all that a ballast has: Go counts it there, too, and so does rates.memory_percent.
	// The larger one is not there where half of the limit is alive.
	ballastFraction = 8
)

// ballastOf is how much of it there is to be, from two looks that are restLook apart, with so much held and a memory limit in
// bytes.
func ballastOf(before, now heap, held, limit int64) int64 {
	most := int64(ballastBytes)
	switch {
	case now.allocated-before.allocated < busyBytes, now.alive >= uint64(limit)/2:
	case now.alive == before.alive:
		return held // nothing was collected meanwhile: nobody knows whether it grows
	case now.alive < before.alive+max(growthBytes, before.alive/growthFraction):
		most = busyBallastBytes
	}
	return min(most, limit/ballastFraction)
}

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

// room is the heap, as this process looks at it.
type room struct {
	samples []metrics.Sample
	// ballast is a Builder, as its memory is not made zero: a slice in addresses that another ballast had before would be, and be
	// touched by that.
	ballast strings.Builder
}

func newRoom() *room {
	return &room{samples: []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/gogc:percent"},
	}}
}

// look finds what the heap is, without the ballast. off says that Go collects nothing.
func (r *room) look() (h heap, off bool) {
	metrics.Read(r.samples)
	v := func(i int) uint64 { return r.samples[i].Value.Uint64() }
	unused := uint64(r.held())
	return heap{v(0), v(1) - min(v(1), unused), v(2) - min(v(2), unused), v(3)}, v(4) == math.MaxUint64
}

// held is the size of the ballast.
func (r *room) held() int64 { return int64(r.ballast.Cap()) }

// hold sees to a ballast of so many bytes. It reports whether there was another one: Go counts the new one from the collection on
// that comes with it.
func (r *room) hold(bytes int64) bool {
	if r.held() == bytes {
		return false
	}
	r.ballast = strings.Builder{}
	r.ballast.Grow(int(bytes))
	runtime.GC()
	return true
}

// tidy collects garbage whenever the hub has come to rest, and sees to the ballast, until stop is closed. With GOGC=off it
// leaves that to whoever has said so.
func tidy(stop <-chan struct{}) {
	limit := debug.SetMemoryLimit(-1) // which only reads it
	r := newRoom()
	before, off := r.look()
	if off {
		return
	}
	r.hold(ballastOf(before, before, 0, limit))
	before, _ = r.look()
	ticker := time.NewTicker(restLook)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		now, _ := r.look()
		if rested(before, now) {
			debug.FreeOSMemory()
		}
		if r.hold(ballastOf(before, now, r.held(), limit)) {
			now, _ = r.look()
		}
		before = now
	}
}
