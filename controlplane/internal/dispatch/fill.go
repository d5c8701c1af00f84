package dispatch

import (
	"github.com/siohub/siohub/controlplane/internal/window"
)

// fill hands over what is parked, one delivery of each lane in turn, as long as the
// windows have room. The caller holds mu.
func (i *Instance) fill() {
	if !i.takes() || (!i.waits() && i.greetings.front == nil) {
		i.wanting = nil
		return
	}
	t := now()
	if d := i.wanting; d != nil {
		i.wanting = nil
		if n := d.lane.line(); i.isNext(d, n) {
			i.fillLine(n, t)
		}
	}
	i.fillLine(single, t)
	i.fillLine(leaders, t)
	i.fillLine(followers, t)
	for i.greetings.front != nil && i.backlog[sockets].Load() == 0 && i.free(sockets) {
		i.greetNext()
	}
}

// waits reports whether a lane stands for its turn.
func (h *holder) waits() bool {
	return h.turns[leaders].front != nil || h.turns[single].front != nil || h.turns[followers].front != nil
}

// free reports whether nothing keeps a small delivery of an idle lane from going.
func (i *Instance) free(c class) bool {
	return i.alone == nil && i.wanting == nil && !i.windows[c].Full()
}

// isNext reports whether a delivery is the first in line.
func (h *holder) isNext(d *Delivery, in line) bool {
	n := h.turns[in].front
	return n != nil && n.value == d.lane && d.lane.queue.front == &d.place
}

func (i *Instance) fillLine(in line, t instant) {
	turns, room := &i.turns[in], &i.windows[in.class()]
	least := window.Size{} // that any lane of the line holds
	if in == followers {
		least.Deliveries = 1
	}
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
		case d.mustBeAlone() && i.ledger.Len() > 0:
			i.wanting = d
		case i.curbed(in.class()):
			return
		case room.Fits(d.Bytes, l.flight.holds()):
			l.unpark(d)
			i.admit(l, d, &terms)
			i.nextTurn(l)
		case room.Fits(0, least):
			// The lane holds too much already; whoever comes next may fit.
			passed++
			turns.rotate()
		default:
			return
		}
	}
}

// nextTurn lets a lane stand in line again if it has more: behind all others that stand
// where it belongs now.
func (h *holder) nextTurn(l *Lane) {
	switch stands := l.turn.list; {
	case l.queue.front == nil:
		h.dequeue(l)
	case stands != nil:
		stands.remove(&l.turn)
		h.turns[l.line()].pushBack(&l.turn)
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
