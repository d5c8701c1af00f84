package dispatch

import "slices"

// hearing is how the process of an instance hears of things, and what it is still to hear. The sinks are written with both
// group.pool.mu and the instance's mutex held, and read with either; the rest is guarded by the instance's mutex.
type hearing struct {
	sink     Sink     // nil until Start, and while suspended
	factSink Sink     // what facts go to: sink, and while suspended the one that it was
	leavers  []Owner  // sockets that left, until they are told by releaseAll
	absences absences // what a suspended process does not know yet
}

// begin lets the process hear. One that has resumed is told which sockets it has lost.
func (h *hearing) begin(sink Sink, resumed bool) {
	h.sink, h.factSink = sink, sink
	if resumed {
		h.absences.tell(sink)
	}
}

// suspend ends it until the process has a stream again.
func (h *hearing) suspend() {
	if h.sink != nil {
		// What was revoked before was told to this stream, as far as it got.
		h.absences.seqs = keepNewest(h.absences.seqs)
	}
	h.sink = nil
}

// clear drops what a process that is gone was still to hear.
func (h *hearing) clear() { h.factSink, h.leavers, h.absences = nil, nil, absences{} }

// accepts reports whether the process asked for a delivery.
func (h *hearing) accepts(d *Delivery) bool {
	_, ok := h.sink.Accepts(d)
	return ok
}

// revoke tells the process that a delivery was taken from it.
func (h *hearing) revoke(seq uint64, why Reason) {
	if h.sink != nil {
		h.sink.Revoked([]uint64{seq}, why)
		return
	}
	h.absences.revoke(seq)
}

// releaseAll tells the process which sockets have left it.
func (h *hearing) releaseAll(why Reason) {
	if len(h.leavers) == 0 {
		return
	}
	if h.sink != nil {
		h.sink.Released(h.leavers, why)
	} else {
		h.absences.release(h.leavers)
	}
	h.leavers = nil
}

// maxAbsences bounds what is remembered of a suspended instance. Beyond it the instance
// cannot be resumed.
const maxAbsences = 1 << 16

// absences are what was taken from a process while it had no stream. What is a fact of its sockets has gone to its sink
// meanwhile (Lane.Tell).
type absences struct {
	seqs   []uint64
	owners []Owner
	full   bool
}

func (b *absences) revoke(seq uint64) {
	if len(b.seqs) >= maxAbsences {
		*b = absences{full: true}
	}
	if !b.full {
		b.seqs = append(b.seqs, seq)
	}
}

func (b *absences) release(owners []Owner) {
	if len(b.owners)+len(owners) > 16*maxAbsences {
		*b = absences{full: true}
	}
	if !b.full {
		b.owners = append(b.owners, owners...)
	}
}

// tell tells a resumed process which sockets it has lost.
func (b *absences) tell(sink Sink) {
	if len(b.owners) > 0 {
		sink.Released(b.owners, ReasonLost)
		b.owners = nil
	}
}

// keepNewest bounds what is told again to a process whose streams break one after the
// other.
func keepNewest(seqs []uint64) []uint64 {
	return slices.Clone(seqs[max(0, len(seqs)-maxAbsences/16):])
}
