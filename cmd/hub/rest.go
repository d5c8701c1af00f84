package main

import (
	"runtime/debug"
	"time"
)

// A hub that has taken in a wave of browsers keeps what that cost for minutes: Go collects only when the
// heap has doubled, or every two minutes, and gives back to the system hesitantly. So the hub
// collects once when it has come to rest.
const (
	// restLook is how often the heap is looked at, and restLooks how many looks later it is seen whether the hub rests.
	restLook, restLooks = time.Second, 3
	// A hub is at rest when it has allocated less than the larger of these in restLooks looks: a number
	// of bytes, and a fraction of what is alive, for heartbeats cost something too.
	restBytes, restFraction = 1 << 20, 32
	// A collection is worth it when it gives back at least the larger of these. It gathers no sooner
	// than in restLooks*restFraction/worthFraction looks, which bounds what the collections of a large heap cost.
	worthBytes, worthFraction = 4 << 20, 4
)

// heap is what a look at the memory finds, in bytes.
type heap struct {
	allocated uint64 // since the start of the process
	alive     uint64 // at the end of the last collection
	objects   uint64 // alive, or dead and not collected
	free      uint64 // neither, and not given back to the system
	sessions  int    // of browsers
}

// rested reports whether it is time to collect, from two looks that are restLooks apart.
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

// tidy collects garbage whenever the hub has come to rest, and sees to the ballast, until stop is closed. With GOGC=off it
// leaves that to whoever has said so. Sessions counts those of browsers.
func tidy(stop <-chan struct{}, sessions func() int) {
	limit := debug.SetMemoryLimit(-1) // which only reads it
	r := newRoom(sessions)
	before, off := r.look()
	if off {
		return
	}
	r.hold(ballastOf([]heap{before}, 0, limit))
	ticker := time.NewTicker(restLook)
	defer ticker.Stop()
	var looks []heap // the newest last
	for {
		now, _ := r.look()
		looks = append(looks[max(0, len(looks)-max(restLooks, calmLooks)):], now)
		if n := len(looks); n > restLooks && rested(looks[n-1-restLooks], now) {
			debug.FreeOSMemory()
		}
		r.hold(ballastOf(looks, r.held(), limit))
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
	}
}
