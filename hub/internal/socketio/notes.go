package socketio

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// noteLanes spreads notes over gates, so that those about different names do not wait for each other.
const noteLanes = 16

var noteSeed = maphash.MakeSeed()

// notes are what the watcher, and other servers, are to hear of rooms and users. They are the server's: a namespace that is
// forgotten and made anew goes on in the same gates.
type notes struct {
	// set at construction
	heard bool // somebody is told
	trace *tracer

	lanes [noteLanes]gate
	// left has a bit for each of lanes that may have one.
	left atomic.Uint32
}

// leave leaves a call while the table holds its lock on the name, so that the calls for one name are in the order of what
// happened to it.
func (all *notes) leave(name string, call func()) {
	lane := maphash.String(noteSeed, name) % noteLanes
	all.lanes[lane].leaveNote(all.trace.guarded(call))
	all.left.Or(1 << lane)
}

// tell makes the calls that were left. Whoever changed rooms calls it afterwards, without a lock.
func (all *notes) tell() {
	if !all.heard {
		return
	}
	for lanes := all.left.Swap(0); lanes != 0; lanes &= lanes - 1 {
		all.lanes[bits.TrailingZeros32(lanes)].attend()
	}
}
