package dispatch

import "github.com/siohub/siohub/controlplane/internal/window"

// flight is what a lane has unsettled, oldest first. It is guarded by the mutex of the
// lane's holder.
type flight struct {
	list[*Delivery]
	bytes  uint64
	strict int32 // strict deliveries in it
	// detached counts deliveries in this state, which are not in the list: until their
	// settlements have ended nothing of the lane is handed over, for they may come back in
	// front of it.
	detached int32
}

func (f *flight) add(d *Delivery) {
	f.pushBack(&d.place)
	f.bytes += uint64(d.Bytes)
	if d.terms.Strict {
		f.strict++
	}
}

func (f *flight) take(d *Delivery) {
	f.remove(&d.place)
	f.bytes -= uint64(d.Bytes)
	if d.terms.Strict {
		f.strict--
	}
}

// holds is how much is unsettled.
func (f *flight) holds() window.Size {
	return window.Size{Deliveries: uint32(f.len), Bytes: f.bytes}
}

// blocks reports whether nothing may go beside it.
func (f *flight) blocks() bool { return f.strict > 0 || f.detached > 0 }

// allows reports whether a delivery may be handed over beside it now.
func (f *flight) allows(d *Delivery, terms *Terms) bool {
	if f.blocks() || (terms.Strict && f.len > 0) {
		return false
	}
	return d.due == 0 || d.due <= now()
}

// line is where the lane of a socket is to stand for its turn.
func (f *flight) line() line {
	if f.len > 0 {
		return followers
	}
	return leaders
}
