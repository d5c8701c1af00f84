package dispatch

import "sync"

// departed are the lanes of a group whose browser has gone before its events were handed
// over. They are delivered still, but not for ever: who waits for an instance that settles
// nothing would wait as long as that is there. A handler may take long: while one works on what is in front
// of them they wait for longer.
type departed struct {
	mu  sync.Mutex // guards the fields below; a leaf
	all list[*departure]
}

// departure is a lane with events of a browser that has gone.
type departure struct {
	lane   *Lane
	place  node[*departure]
	parked int     // how many deliveries it had parked at the last look; owned by Expire
	since  instant // when that number has changed last; owned by Expire
	worked instant // when there was last a reason to wait for longer; owned by Expire
}

// atWork is how many times Config.Age events of a browser that has gone wait while an attached instance
// works on what is in front of them, or is paused.
const atWork = 10

func (d *departed) add(l *Lane) {
	one := &departure{lane: l, parked: l.queue.len, since: now()}
	one.place.value = one
	d.mu.Lock()
	d.all.pushBack(&one.place)
	d.mu.Unlock()
}

// some returns the first ones, and moves them to the back.
func (d *departed) some() []*departure {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*departure, 0, min(d.all.len, expireStep))
	for range cap(list) {
		list = append(list, d.all.front.value)
		d.all.rotate()
	}
	return list
}

func (d *departed) remove(one *departure) {
	d.mu.Lock()
	d.all.remove(&one.place)
	d.mu.Unlock()
}

// abandon drops the events of browsers that have gone of which nothing was handed over for
// as long as events are kept for an instance that is away, or ten times as long while an attached one has
// something of theirs in hand or is paused. What is left of their lanes, a
// Disconnected, goes its way. It is called with no lock held.
func (d *departed) abandon(t instant) {
	for _, one := range d.some() {
		if !one.waits(t) {
			d.remove(one)
		}
	}
}

// waits looks at the lane, and reports whether events of it still wait.
func (one *departure) waits(t instant) bool {
	l := one.lane
	h := l.lock()
	if l.ended || !l.eventsParked() {
		h.mu.Unlock()
		return false
	}
	if l.queue.len != one.parked {
		one.parked, one.since = l.queue.len, t
	}
	if h.inst != nil && h.inst.sink != nil && (l.flight.len > 0 || l.flight.detached > 0 || h.inst.paused) {
		one.worked = t
	}
	age := l.group.node.config.Age
	if t.since(max(one.since, one.worked)) < age && t.since(one.since) < atWork*age {
		h.mu.Unlock()
		return true
	}
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind == Event {
			l.unpark(d)
			l.drop(d, Abandoned)
		}
	}
	if h.cancelOut(l) {
		// Its head is another one, which may be stuck here.
		h.dequeue(l)
		l.arm(h)
	}
	h.release(l)
	return false
}
