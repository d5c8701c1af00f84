package dispatch

import "time"

// Push brings a delivery: an event, or the connect attempt of its own lane. It
// reports false when the delivery was dropped.
func (l *Lane) Push(d *Delivery) bool {
	d.lane, d.place.value = l, d
	h := l.settleDown()
	defer h.mu.Unlock()
	if l.ended || l.leaving {
		l.drop(d, Forgotten)
		return false
	}
	if !l.introduced(h, d) {
		l.drop(d, LifecycleLimit)
		return false
	}
	return l.put(h, d)
}

// Introduce tells the group of the socket, unless it knows. Late says that the
// socket had joined before.
func (l *Lane) Introduce(late bool) {
	h := l.settleDown()
	defer h.mu.Unlock()
	if !l.ended && !l.leaving && l.stale() {
		l.put(h, l.introduction(late))
	}
}

// Leave brings the last delivery, a Disconnected. It is dropped without a word when
// no instance was ever told of the socket.
func (l *Lane) Leave(d *Delivery) {
	d.lane, d.place.value = l, d
	h := l.settleDown()
	defer h.mu.Unlock()
	if l.ended || l.leaving {
		return
	}
	l.leaving = true
	if l.unseen() && !l.eventsParked() {
		l.tidy(h)
		return
	}
	if !l.put(h, d) {
		l.ebb(h)
	}
}

// settleDown locks the lane's holder, after it has seen to it that the lane has an
// instance if one is there: a lane in the pool is bound, and an idle lane of a
// paused instance goes to another one.
func (l *Lane) settleDown() *holder {
	h := l.lock()
	if h.inst != nil && !(h.inst.paused.Load() && l.flight.len == 0 && l.group.takers.Load() > 0) {
		return h
	}
	h.mu.Unlock()
	l.group.place(l)
	return l.lock()
}

// stale reports whether the socket has to be introduced.
func (l *Lane) stale() bool {
	if l.owner == nil || l.introduce {
		return false
	}
	lost := l.group.lostEpoch.Load()
	return l.epoch.lost != lost || (l.anew.Load() && l.epoch.attach != l.group.attachEpoch.Load())
}

// introduced makes sure that an introduction stands before an event. It reports
// false when it had to be dropped.
func (l *Lane) introduced(h *holder, d *Delivery) bool {
	// Behind parked deliveries the introduction is made when the event's turn comes:
	// the epoch may move on until then.
	if d.Kind != Event || l.queue.front != nil || !l.stale() {
		return true
	}
	return l.put(h, l.introduction(true))
}

// introduction makes a Connected, with the identity of the one before: for the
// service it is the same fact, told again.
func (l *Lane) introduction(late bool) *Delivery {
	d := l.owner.Introduction(late || l.intro != 0)
	d.lane, d.place.value = l, d
	d.identity, d.attempt = l.intro, l.introTry
	l.introduce = true
	return d
}

// put hands a delivery over if it is its turn and there is room, else it parks it.
func (l *Lane) put(h *holder, d *Delivery) bool {
	i := h.inst
	if i != nil && i.sink != nil && l.queue.front == nil && l.mayGo(d) && i.window.Fits(d.Bytes, l.flight.len) && !i.blocked() {
		i.admit(l, d)
		return true
	}
	if i == nil && l.group.closed {
		l.drop(d, Forgotten)
		return false
	}
	if d.identity != 0 {
		l.requeue(d, time.Now())
	} else if !l.park(d) {
		l.introduce = l.introduce && d.Kind != Connected
		return false
	}
	if i != nil && i.sink != nil {
		l.group.observer.Stalled()
	}
	l.arm(h)
	return true
}

// Known reports whether an instance was ever told of the socket.
func (l *Lane) Known() bool {
	h := l.lock()
	defer h.mu.Unlock()
	return l.intro != 0
}
