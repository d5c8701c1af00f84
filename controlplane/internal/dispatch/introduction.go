package dispatch

import "sync/atomic"

// introduction is what a lane knows of who was told of its socket.
type introduction struct {
	// anew says that the socket is introduced again when the group's attach epoch
	// moves on.
	anew atomic.Bool

	// The rest is guarded by the mutex of the lane's holder.

	introTry uint32
	// intro is the identity of the introduction, 0 before the first one was handed over.
	intro uint64
	epoch epoch // of the last introduction that was handed over
	// told is the life of the instance that was told of the socket last, with left once the lane
	// has left it.
	told        uint32
	renewals    uint32 // the group's renew epoch of the last introduction
	joined      uint32 // life of the instance that it was moved to by Rebalance
	introducing bool   // an introduction is in the queue or in the flight
}

// epoch says which introductions a lane has seen. The zero epoch is before all.
type epoch struct{ attach, lost uint32 }

// SetAnew says whether the socket is introduced again when the group attaches anew.
func (n *introduction) SetAnew(anew bool) {
	if n.anew.Load() != anew {
		n.anew.Store(anew)
	}
}

// Introduce tells the group of the socket, unless it knows, before anything that is parked. Late says that the
// socket had joined before. A lane that no instance holds goes to one, if one is there.
func (l *Lane) Introduce(late bool) {
	if !l.unintroduced() {
		return // and it stays where it is
	}
	h := l.lockFor(nil)
	if l.mayIntroduce() {
		if n := l.queue.front; n == nil || n.value.Kind != Event {
			l.put(h, l.introduce(late, false))
		} else if !l.group.lifecycleFull() { // otherwise it is made when the event's turn comes
			l.insertIntroduction()
			l.arm(h)
			if i := h.inst; i != nil {
				i.fill()
			}
		}
	}
	h.unlock()
}

// mayIntroduce reports whether the group does not know of the socket, and is to. The caller holds the holder's mutex.
func (l *Lane) mayIntroduce() bool {
	return l.owner != nil && !l.ended && !l.leaving && l.stale(&l.group.epochs)
}

func (l *Lane) unintroduced() bool {
	h := l.lock()
	defer h.mu.Unlock()
	return l.mayIntroduce()
}

// Follow brings an idle lane that no instance has to one, if the group was introduced to its socket: where the instance
// asks for it, it is introduced too.
func (l *Lane) Follow() {
	h := l.lock()
	waits := h.inst == nil && l.intro != 0 && l.idle()
	h.mu.Unlock()
	if waits {
		l.group.pool.place(l, l.owner.Introduction(true, true))
	}
}

// Known reports whether an instance was ever told of the socket.
func (l *Lane) Known() bool {
	h := l.lock()
	defer h.mu.Unlock()
	return l.intro != 0
}

// stale reports whether the socket has to be introduced to the group that has the epochs.
func (n *introduction) stale(e *epochs) bool {
	if n.introducing {
		return false
	}
	lost := e.lost.Load()
	return n.epoch.lost != lost || n.disowned(e) || (n.anew.Load() && n.epoch.attach != e.attach.Load())
}

// made notes that an introduction was handed over.
func (n *introduction) made(d *Delivery, e *epochs) {
	n.intro, n.introTry = d.identity, d.attempt
	n.epoch = epoch{e.attach.Load(), e.lost.Load()}
}

// unknown reports whether the socket has to be introduced to this instance before a
// delivery.
func (i *Instance) unknown(l *Lane, d *Delivery, terms *Terms) bool {
	return terms.OnInstance && l.owner != nil && d.Kind != Connected && l.told != i.life && !l.introducing
}

// introduce makes a Connected, with the identity of the one before: for the service
// it is the same fact, told again.
func (l *Lane) introduce(late, moved bool) *Delivery {
	l.renewed(&l.group.epochs)
	d := l.owner.Introduction(late || l.intro != 0, moved)
	d.lane, d.place.value = l, d
	d.identity, d.attempt = l.intro, l.introTry
	l.introducing = true
	return d
}

// insertIntroduction puts an introduction in front of the queue.
func (l *Lane) insertIntroduction() *Delivery {
	d := l.introduce(true, l.intro != 0 && !l.stale(&l.group.epochs))
	l.queue.insertAfter(&d.place, nil)
	l.account(d, now())
	return d
}

// greet lets an idle socket be introduced to the instance that it came to, as soon as
// nothing else wants the window. Others are introduced with what they have parked.
func (i *Instance) greet(l *Lane) {
	if l.idle() && l.intro != 0 && l.told != i.life && l.turn.list == nil {
		i.greetings.pushBack(&l.turn)
	}
}

// greetNext introduces the next idle socket, if the instance asks for it. There is room:
// what is free lets any delivery of an idle lane go.
func (i *Instance) greetNext() {
	l := i.greetings.front.value
	i.dequeue(l)
	if !l.idle() || l.told == i.life {
		return
	}
	l.renewed(&l.group.epochs) // who is introduced anew has not moved
	d := l.introduce(true, l.intro != 0)
	terms, ok := i.sink.Accepts(d)
	switch {
	case !ok || !terms.OnInstance:
		l.introducing = false
	case terms.Silent:
		i.pass(l, d)
	default:
		i.admit(l, d, &terms)
	}
}

// Introducing reports whether the introduction of a socket that the instance holds still
// waits, such as one whose loss is spaced. It looks at all lanes: not to be called often.
func (a *Attachment) Introducing() bool {
	i := a.inst
	for left := int(i.bound.Load()); left > 0; left -= greetStep {
		i.mu.Lock()
		if i.life != a.life {
			i.mu.Unlock()
			return false
		}
		for range min(left, greetStep, i.lanes.len) {
			l := i.lanes.front.value
			i.lanes.rotate()
			if l.introducing && l.queue.front != nil && l.queue.front.value.Kind == Connected {
				i.mu.Unlock()
				return true
			}
		}
		i.mu.Unlock()
	}
	return false
}

// idle reports whether a socket's lane has nothing to do and may get something.
func (l *Lane) idle() bool {
	return l.owner != nil && l.flight.len == 0 && l.queue.front == nil && l.flight.detached == 0 && !l.leaving && !l.ended
}
