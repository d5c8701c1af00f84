package dispatch

import "github.com/siohub/siohub/controlplane/internal/park"

// parking is where the deliveries of a lane are parked, and what bounds them.
type parking struct {
	group *Group
	owner Owner       // nil for a solo lane
	meter *park.Meter // nil for a solo lane; shared by all lanes of a socket

	// Guarded by the mutex of the lane's holder.
	queue     list[*Delivery]
	held      *held   // nil: the browser is read
	pooled    instant // when it came to the pool from an instance, or nobody there wanted what it has
	overflown overflown
	starved   bool // its events waited too long for an instance: its browser is to leave
}

// Group is the group that the lane belongs to.
func (p *parking) Group() *Group { return p.group }

// cost is what a parked event counts.
func (d *Delivery) cost() int64 { return int64(d.Bytes) + park.ItemBytes }

// park puts a delivery at the end of the queue, if the limits allow it. Otherwise
// it is dropped and the observer told. Solo deliveries are bounded by their owner.
func (p *parking) park(d *Delivery) bool {
	g := p.group
	switch {
	case d.Kind == Event:
		if d.Overflow == Pause {
			p.account(d, now())
			p.queue.pushBack(&d.place)
			d.lane.holdBack()
			return true
		}
		if why, ok := p.reserve(d); !ok {
			p.drop(d, why)
			return false
		}
		g.observer.Parked(1, d.cost())
	case d.Kind.lifecycle():
		if g.lifecycleFull() {
			g.lost.Add(1)
			p.drop(d, LifecycleLimit)
			return false
		}
		g.lifecycle.Add(1)
	}
	d.state, d.since = parked, now()
	p.queue.pushBack(&d.place)
	return true
}

// lifecycleFull reports whether no more lifecycle records may be parked. A few more may be
// there: what is parked with an event in front of which it belongs, or at the same time.
func (g *Group) lifecycleFull() bool { return int(g.lifecycle.Load()) >= g.node.config.Lifecycle }

// reserve takes room for an event from the socket, the group and the node, from all
// or from none.
func (p *parking) reserve(d *Delivery) (Drop, bool) {
	g, cost := p.group, d.cost()
	switch fits, fitsNode := g.bytes.Take(cost); {
	case !fits:
		return GroupFull, false
	case !fitsNode:
		return NodeFull, false
	}
	// The socket comes last: it may drop others for this one, which has to find room then.
	if !p.takeMeter(d) {
		g.bytes.Give(cost)
		return SocketFull, false
	}
	g.node.all.Add(cost)
	g.events.Add(1)
	return 0, true
}

// account counts a delivery that was accepted before and is parked again, whatever
// the limits say.
func (p *parking) account(d *Delivery, t instant) {
	g := p.group
	d.state, d.since = parked, t
	switch {
	case d.Kind == Event:
		cost := d.cost()
		p.meter.Force(cost)
		g.bytes.Force(cost)
		g.node.all.Add(cost)
		g.events.Add(1)
		g.observer.Parked(1, cost)
	case d.Kind.lifecycle():
		g.lifecycle.Add(1)
	}
}

// unpark takes a delivery out of the queue and gives its room back.
func (p *parking) unpark(d *Delivery) {
	g := p.group
	p.queue.remove(&d.place)
	d.state, d.since = idle, 0
	switch {
	case d.Kind == Event:
		cost := d.cost()
		p.meter.Give(cost)
		g.bytes.Give(cost)
		g.node.all.Add(-cost)
		g.events.Add(-1)
		g.observer.Parked(-1, -cost)
		d.lane.letGo()
	case d.Kind.lifecycle():
		g.lifecycle.Add(-1)
	}
}

// drop ends a delivery that is in no list.
func (p *parking) drop(d *Delivery, why Drop) {
	d.state = over
	p.group.observer.Dropped(d, why)
}

// eventsParked looks no further than two deliveries: an introduction, then an event.
func (p *parking) eventsParked() bool {
	for n, i := p.queue.front, 0; n != nil && i < 2; n, i = n.next, i+1 {
		if n.value.Kind == Event {
			return true
		}
	}
	return false
}

// requeue puts a delivery that was handed over before back into the queue, behind
// those that are older. What was never handed over has no identity and is younger.
func (p *parking) requeue(d *Delivery, t instant) {
	var after *node[*Delivery]
	for n := p.queue.front; n != nil && n.value.identity != 0 && n.value.identity < d.identity; n = n.next {
		after = n
	}
	p.queue.insertAfter(&d.place, after)
	p.account(d, t)
}
