// Package window counts how many unsettled deliveries and bytes an instance holds,
// and says whether one more fits. It is arithmetic without a lock: whoever owns the
// window guards it.
//
// A delivery fits while there is any room at all, so a large one may exceed the limit
// in bytes, by one delivery at most: it never has to wait for a window that is nearly
// empty. A lane (one socket) that holds anything leaves the last sixteenth of the deliveries to those that hold
// nothing, and one that holds a sixteenth of the window, in deliveries or in bytes, leaves the last sixteenth of the bytes
// to the others and does not exceed it: a chatty browser delays only itself.
//
// Large deliveries leave an eighth of the bytes to small ones, and are not counted against those: whoever says a word does
// not wait until somebody's megabytes have been dealt with.
//
// Where deliveries belong to no socket a share takes the place of the lane (share.go).
//
// What a service has in hand it works on in some order of its own, so a full window is
// a queue in front of whatever comes next. A lane's first delivery fits while there is
// room; the lanes that have more than one share a part of the window (pipe.go), so that
// what they queue up stays short.
package window

import "time"

// Size is the limit of a window.
type Size struct {
	// Deliveries that may be unsettled. 0 counts as 1.
	Deliveries uint32
	// Bytes of unsettled deliveries. 0 means one delivery at a time, unless it is empty.
	Bytes uint64
}

// Window is what one instance holds against what it may hold. The zero value takes
// one delivery at a time.
type Window struct {
	size   Size
	paused bool
	// Invariant: held is the sum of what was taken and not given back, and small the bytes of small deliveries in it. It
	// may exceed size after a Resize.
	held  Size
	small uint64
	pipe  pipe
}

// Resize changes the limit. What is held stays held.
func (w *Window) Resize(size Size) {
	w.size = size
	w.pipe.resize(size)
}

// Pause lets nothing fit any more, or lets it again. What is held stays held.
func (w *Window) Pause(paused bool) { w.paused = paused }

// Size returns the limit.
func (w *Window) Size() Size { return w.size }

// Held returns what is taken.
func (w *Window) Held() Size { return w.held }

// Fits reports whether one more delivery fits. Lane is what its lane holds in this
// window.
func (w *Window) Fits(bytes int, lane Size) bool {
	if w.paused {
		return false
	}
	if w.held.Deliveries == 0 {
		return true
	}
	if w.held.Deliveries >= w.size.Deliveries || !w.fitsBytes(uint64(bytes)) {
		return false
	}
	if lane.Deliveries == 0 {
		return true
	}
	return w.held.Deliveries < w.size.Deliveries-w.size.Deliveries/share && w.pipe.fits(bytes, w.size) &&
		(!w.greedy(lane) || w.held.Bytes+uint64(bytes) <= w.size.Bytes-w.size.Bytes/share)
}

const (
	// smallShare is the part of the bytes that large deliveries leave to small ones.
	smallShare = 8
	// smallBytes is how large a small one may be at most.
	smallBytes = 16 << 10
)

// isSmall reports whether a delivery is a small one. It is the same for a delivery that is taken and given back, whatever
// the size was meanwhile.
func isSmall(bytes uint64) bool { return bytes <= smallBytes }

// fitsBytes reports whether there is room in bytes. All that is held exceeds the size by one delivery at most.
func (w *Window) fitsBytes(bytes uint64) bool {
	rest := w.held.Bytes < max(w.size.Bytes, 1)
	if isSmall(bytes) {
		return rest || w.small+bytes <= w.size.Bytes/smallShare
	}
	return rest && w.held.Bytes-w.small < w.size.Bytes-w.size.Bytes/smallShare
}

// share is the part of a window that makes a lane greedy, and that is left to others. Windows of fewer deliveries have no
// such part of their deliveries.
const share = 16

// MaxGreedy is how many lanes can be greedy at the same time: the shares of a window,
// in deliveries and in bytes, and those of deliveries that exceeded it.
const MaxGreedy = 4 * share

// greedy reports whether a lane holds so much that it leaves the rest to others.
func (w *Window) greedy(lane Size) bool {
	return (w.size.Deliveries >= share && lane.Deliveries >= w.size.Deliveries/share) ||
		(lane.Bytes > 0 && lane.Bytes >= w.size.Bytes/share)
}

// Full reports whether not even an empty delivery of an idle lane fits.
func (w *Window) Full() bool { return !w.Fits(0, Size{}) }

// Take adds a delivery of a lane that holds so much without it. It does not ask whether
// it fits.
func (w *Window) Take(bytes int, lane Size) {
	after := Size{lane.Deliveries + 1, lane.Bytes + uint64(bytes)}
	w.held.Deliveries++
	w.held.Bytes += uint64(bytes)
	if isSmall(uint64(bytes)) {
		w.small += uint64(bytes)
	}
	w.pipe.change(lane, after)
}

// Give removes a delivery that was taken with as many bytes; its lane holds so much
// without it.
func (w *Window) Give(bytes int, lane Size) {
	before := Size{lane.Deliveries + 1, lane.Bytes + uint64(bytes)}
	w.held.Deliveries--
	w.held.Bytes -= uint64(bytes)
	if isSmall(uint64(bytes)) {
		w.small -= uint64(bytes)
	}
	w.pipe.change(before, lane)
}

// Settled tells that a delivery was settled that was taken so long ago, and whether it
// was the first of its lane then. Like is the same for those that a service has the same to do with. At is the time on
// any clock that does not go back.
func (w *Window) Settled(first bool, like uint32, took, at time.Duration) {
	if first {
		w.pipe.first(like, took, at, w.size)
	} else if w.pipe.quiet(at) {
		w.pipe.widen(1, w.size)
	}
}

// Clamp fits a wish to the most that the hub allows. 0 means the default, in both
// fields.
func Clamp(wish, most, byDefault Size) Size {
	if wish.Deliveries == 0 {
		wish.Deliveries = byDefault.Deliveries
	}
	if wish.Bytes == 0 {
		wish.Bytes = byDefault.Bytes
	}
	return Size{
		Deliveries: max(min(wish.Deliveries, most.Deliveries), 1),
		Bytes:      max(min(wish.Bytes, most.Bytes), 1),
	}
}
