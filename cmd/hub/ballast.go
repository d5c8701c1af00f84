package main

import (
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
)

// A ballast is allocated and never touched, so that it costs addresses and no memory. Go counts it as alive: a small heap is
// collected when it has grown by so much, and not at every doubling of a few megabytes. With two processors a collection has both
// for 5 to 10 ms, and everybody waits so long: two in a second already are what the slowest of a hundred meet. But what is taken
// in for long, as browsers are, is scattered over all the room that garbage had meanwhile, and keeps it: an idle browser costs a
// quarter more with the larger one. So that is there only while a hub has much to do and no browsers come.
const (
	ballastBytes     = 16 << 20
	busyBallastBytes = 64 << 20
	// A hub is busy that allocates so much between two looks, until it allocates less than half of that for calmLooks.
	busyBytes = 5 << 20
	// Browsers come where there were so many more at a look, until there are not for calmLooks.
	manyMore  = 40
	calmLooks = 3
	// ballastFraction of a memory limit is all that a ballast has: Go counts it there, too, and so does rates.memory_percent.
	// The larger one is not there where half of the limit is alive.
	ballastFraction = 8
)

// ballastOf is how much of it there is to be, from some looks, the newest last, with so much held and a memory limit in bytes.
func ballastOf(looks []heap, held, limit int64) int64 {
	most := int64(ballastBytes)
	if busy(looks, held) && !browsersCome(looks) && looks[len(looks)-1].alive < uint64(limit)/2 {
		most = busyBallastBytes
	}
	return min(most, limit/ballastFraction)
}

// busy reports whether a hub has much to do.
func busy(looks []heap, held int64) bool {
	if held <= ballastBytes {
		return lately(looks, 1, func(before, now heap) bool { return now.allocated-before.allocated >= busyBytes })
	}
	return lately(looks, calmLooks, func(before, now heap) bool { return now.allocated-before.allocated >= busyBytes/2 })
}

// browsersCome reports whether a hub takes in what stays for long.
func browsersCome(looks []heap) bool {
	return lately(looks, calmLooks, func(before, now heap) bool { return now.sessions-before.sessions >= manyMore })
}

// lately reports whether something was so between two of the last looks.
func lately(looks []heap, last int, so func(before, now heap) bool) bool {
	for i := max(1, len(looks)-last); i < len(looks); i++ {
		if so(looks[i-1], looks[i]) {
			return true
		}
	}
	return false
}

// room is the heap, as this process looks at it.
type room struct {
	samples  []metrics.Sample
	sessions func() int
	// ballast is a Builder, as its memory is not made zero: a slice in addresses that another ballast had before would be, and be
	// touched by that.
	ballast strings.Builder
}

func newRoom(sessions func() int) *room {
	return &room{sessions: sessions, samples: []metrics.Sample{
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
	return heap{v(0), v(1) - min(v(1), unused), v(2) - min(v(2), unused), v(3), r.sessions()}, v(4) == math.MaxUint64
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
