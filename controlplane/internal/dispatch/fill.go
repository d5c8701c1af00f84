package dispatch

import (
	"github.com/siohub/siohub/controlplane/internal/window"
)

// fill hands over what is parked, one delivery of each lane in turn, as long as the
// windows have room. The caller holds mu.
func (i *Instance) fill() {
	if !i.takes() || (i.turns[solos].front == nil && i.turns[sockets].front == nil && i.greetings.front == nil) {
		i.wanting = nil
		return
	}
	t := now()
	if d := i.wanting; d != nil {
		i.wanting = nil
		if c := d.lane.solo.class(); i.isNext(d, c) {
			i.fillClass(c, t)
		}
	}
	i.fillClass(solos, t)
	i.fillClass(sockets, t)
	for i.greetings.front != nil && i.turns[sockets].front == nil && i.free(sockets) {
		i.greetNext()
	}
}

// free reports whether nothing keeps a small delivery of an idle lane from going.
func (i *Instance) free(c class) bool {
	return i.alone == nil && i.wanting == nil && !i.windows[c].Full()
}

// isNext reports whether a delivery is the first in line.
func (h *holder) isNext(d *Delivery, c class) bool {
	n := h.turns[c].front
	return n != nil && n.value == d.lane && d.lane.queue.front == &d.place
}

func (i *Instance) fillClass(c class, t instant) {
	turns, room := &i.turns[c], &i.windows[c]
	for passed := 0; turns.front != nil && passed < window.MaxGreedy; {
		if i.alone != nil || i.wanting != nil {
			return
		}
		l := turns.front.value
		d, terms := i.head(l, t)
		switch {
		case d == nil:
			continue // nothing of the lane may go: its turn was taken away
		case terms.Silent:
			l.unpark(d)
			i.pass(l, d)
			i.nextTurn(l)
		case d.losses >= aloneAfter && i.ledger.Len() > 0:
			i.wanting = d
		case room.Fits(d.Bytes, l.flight.holds()):
			l.unpark(d)
			i.admit(l, d, &terms)
			i.nextTurn(l)
		case room.Fits(0, window.Size{}):
			// The lane holds too much already; whoever comes next may fit.
			passed++
			turns.rotate()
		default:
			return
		}
	}
}

// nextTurn lets a lane stand in line again if it has more.
func (h *holder) nextTurn(l *Lane) {
	if l.queue.front == nil {
		h.dequeue(l)
	} else if l.turn.list != nil {
		l.turn.list.rotate()
	}
}

// head returns the delivery of a lane that is to go next, its introduction first, and
// how the instance takes it. It returns nil and takes the lane's turn away when none
// may go.
func (i *Instance) head(l *Lane, t instant) (*Delivery, Terms) {
	if !i.expireLane(l, t) {
		return nil, Terms{}
	}
	d := l.queue.front.value
	if d.Kind == Event && l.stale(l.group) {
		d = l.insertIntroduction()
	}
	terms, ok := i.sink.Accepts(d)
	if ok && i.unknown(l, d, &terms) {
		d = l.insertIntroduction()
		terms, ok = i.sink.Accepts(d)
	}
	switch {
	case ok && l.flight.allows(d, &terms):
		return d, terms
	case !ok && l.flight.len == 0:
		i.strand(l)
	default:
		// What is in the flight arms the lane once it is settled, or the delay has passed.
		i.dequeue(l)
		l.delayed()
	}
	return nil, Terms{}
}
