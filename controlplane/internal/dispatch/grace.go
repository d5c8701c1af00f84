package dispatch

import "time"

// Leave brings the last delivery, a Disconnected. It is dropped without a word when
// no instance was ever told of the socket. With hold more than zero it is not handed
// over before.
func (l *Lane) Leave(d *Delivery, hold time.Duration) {
	d.lane, d.place.value = l, d
	h := l.lockFor(d)
	defer h.unlock()
	if l.ended || l.leaving {
		return
	}
	l.leaving = true
	l.setHold(HoldNone)
	if hold > 0 {
		d.due = now().add(hold)
	} else if l.unseen() && !l.eventsParked() && !l.behind.Load() {
		h.cancelOut(l)
		return
	}
	if !l.put(h, d) {
		h.endIfDone(l)
	}
	if !l.ended && l.eventsParked() {
		l.group.departed.add(l)
	}
}

// heldBack reports whether the lane's Disconnected waits for its time.
func (p *parking) heldBack() bool {
	n := p.queue.back
	return n != nil && n.value.Kind == Disconnected && n.value.attempt == 0 && n.value.due > now()
}

// cancelOut lets a connected and a disconnected that nobody saw cancel out, once no
// event stands between them, and takes an empty lane's turn away. It reports whether
// the lane has something left in its queue.
func (h *holder) cancelOut(l *Lane) bool {
	if l.leaving && !l.behind.Load() && l.unseen() && !l.eventsParked() && !l.heldBack() {
		for n := l.queue.front; n != nil; n = l.queue.front {
			l.unpark(n.value)
			n.value.state = over
		}
		h.end(l)
		return false
	}
	if l.queue.front == nil {
		if l.turn.list != &h.greetings {
			h.dequeue(l)
		}
		h.endIfDone(l)
		return false
	}
	return true
}

// unseen reports whether no instance was ever told of the socket, or all that were have told their programs that it is lost.
func (l *Lane) unseen() bool {
	l.renewed(&l.group.epochs)
	return l.owner != nil && l.intro == 0 && l.flight.len == 0
}
