package dispatch

// fill hands over what is parked, one delivery of each lane in turn, as long as the
// windows have room. The caller holds mu.
func (i *Instance) fill() {
	if !i.takes() || (!i.waits() && i.greetings.front == nil) {
		i.wanting = nil
		return
	}
	r := round{i, now()}
	if d := i.wanting; d != nil {
		i.wanting = nil
		if i.isNext(d) {
			r.hand(d.lane)
		}
	}
	r.shares(leaders)
	r.shares(followers)
	r.line(leaders)
	r.line(followers)
	for i.greetings.front != nil && i.backlog[sockets].Load() == 0 && i.free(i.greetings.front.value) {
		i.greetNext()
	}
}

// waits reports whether a lane stands for its turn.
func (h *holder) waits() bool { return h.standing() > 0 }

// free reports whether nothing keeps a small delivery of a lane with nothing in flight from going.
func (i *Instance) free(l *Lane) bool {
	switch {
	case i.stops():
		return false
	case l.solo != nil:
		return i.windows[solos].FitsShare(i.shares.held(l))
	}
	return !i.windows[sockets].Full()
}

// fits reports whether the window has room for a delivery of a lane.
func (i *Instance) fits(l *Lane, d *Delivery) bool {
	if l.solo != nil {
		return i.windows[solos].FitsShare(i.shares.held(l))
	}
	return i.windows[sockets].Fits(d.Bytes, l.flight.holds())
}

// isNext reports whether a delivery is the first where its lane stands.
func (h *holder) isNext(d *Delivery) bool {
	stands := h.stands(d.lane)
	return stands != nil && stands.front != nil && stands.front.value == d.lane && d.lane.queue.front == &d.place
}

// nextTurn lets a lane stand in line again if it has more: behind all others that stand
// where it belongs now.
func (h *holder) nextTurn(l *Lane) {
	switch stands := l.turn.list; {
	case l.queue.front == nil:
		h.dequeue(l)
	case stands != nil:
		stands.remove(&l.turn)
		h.turns[l.flight.line()].pushBack(&l.turn)
	}
}
