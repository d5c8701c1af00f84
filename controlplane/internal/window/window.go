// Package window counts how many unsettled deliveries and bytes an instance holds,
// and says whether one more fits. It is arithmetic without a lock: whoever owns the
// window guards it.
//
// Both limits hold, with two exceptions that keep work moving:
//
//   - one delivery always fits an empty window, however large it is;
//   - a lane (one socket) that holds a sixteenth of the window leaves its last
//     sixteenth to the others, so that a chatty browser delays only itself.
package window

// Size is the limit of a window.
type Size struct {
	// Deliveries that may be unsettled. 0 is a pause: nothing fits.
	Deliveries uint32
	// Bytes of unsettled deliveries.
	Bytes uint64
}

// Window is what one instance holds against what it may hold. The zero value is a
// pause that holds nothing.
type Window struct {
	size Size
	// Invariant: held is the sum of what was taken and not given back. It may exceed
	// size after a Resize.
	held Size
}

// Resize changes the limit. What is held stays held.
func (w *Window) Resize(size Size) { w.size = size }

// Size returns the limit.
func (w *Window) Size() Size { return w.size }

// Held returns what is taken.
func (w *Window) Held() Size { return w.held }

// Paused reports whether the window takes nothing at all.
func (w *Window) Paused() bool { return w.size.Deliveries == 0 }

// Fits reports whether one more delivery fits. Lane is how many deliveries its lane
// holds in this window.
func (w *Window) Fits(bytes int, lane int) bool {
	if w.Paused() {
		return false
	}
	if w.held.Deliveries == 0 {
		return true
	}
	size := w.size
	if w.greedy(lane) {
		size.Deliveries -= size.Deliveries / share
		size.Bytes -= size.Bytes / share
	}
	if w.held.Deliveries >= size.Deliveries || w.held.Bytes >= size.Bytes {
		return false
	}
	return uint64(bytes) <= size.Bytes-w.held.Bytes
}

// share is the part of a window that makes a lane greedy, and that it leaves to
// others then. Smaller windows have no such part.
const share = 16

// greedy reports whether a lane holds so much that it leaves the rest to others.
func (w *Window) greedy(lane int) bool {
	return w.size.Deliveries >= share && lane >= int(w.size.Deliveries/share)
}

// Full reports whether not even an empty delivery of an idle lane fits.
func (w *Window) Full() bool { return !w.Fits(0, 0) }

// Take adds a delivery. It does not ask whether it fits.
func (w *Window) Take(bytes int) {
	w.held.Deliveries++
	w.held.Bytes += uint64(bytes)
}

// Give removes a delivery that was taken with as many bytes.
func (w *Window) Give(bytes int) {
	w.held.Deliveries--
	w.held.Bytes -= uint64(bytes)
}

// Clamp fits a wish to the most that the hub allows. Zero bytes mean the default,
// and at least one byte is left, so that a window that is not paused takes work.
func Clamp(wish, most Size, defaultBytes uint64) Size {
	if wish.Bytes == 0 {
		wish.Bytes = defaultBytes
	}
	return Size{
		Deliveries: min(wish.Deliveries, most.Deliveries),
		Bytes:      max(min(wish.Bytes, most.Bytes), 1),
	}
}
