package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// cost is what a parked event counts.
func (d *Delivery) cost() int64 { return int64(d.Bytes) + park.ItemBytes }

// park puts a delivery at the end of the queue, if the limits allow it. Otherwise
// it is dropped and the observer told. Solo deliveries are bounded by their owner.
func (l *Lane) park(d *Delivery) bool {
	g := l.group
	switch {
	case d.Kind == Event:
		if why, ok := l.reserve(d); !ok {
			l.drop(d, why)
			return false
		}
		g.observer.Parked(1, d.cost())
	case d.Kind.lifecycle():
		if int(g.lifecycle.Add(1)) > g.node.config.Lifecycle {
			g.lifecycle.Add(-1)
			g.lost.Add(1)
			l.drop(d, LifecycleLimit)
			return false
		}
	}
	d.state, d.since = parked, time.Now()
	l.queue.pushBack(&d.place)
	return true
}

// reserve takes room for an event from the socket, the group and the node, from all
// or from none.
func (l *Lane) reserve(d *Delivery) (Drop, bool) {
	g, cost := l.group, d.cost()
	if !g.bytes.Take(cost) {
		return GroupFull, false
	}
	if !g.node.bytes.Take(cost) {
		g.bytes.Give(cost)
		return NodeFull, false
	}
	// The socket comes last: it may drop others for this one, which has to find room then.
	if !l.takeMeter(d) {
		g.bytes.Give(cost)
		g.node.bytes.Give(cost)
		return SocketFull, false
	}
	g.events.Add(1)
	return 0, true
}

// account counts a delivery that was accepted before and is parked again, whatever
// the limits say.
func (l *Lane) account(d *Delivery, now time.Time) {
	g := l.group
	d.state, d.since = parked, now
	switch {
	case d.Kind == Event:
		cost := d.cost()
		l.meter.Force(cost)
		g.bytes.Force(cost)
		g.node.bytes.Force(cost)
		g.events.Add(1)
		g.observer.Parked(1, cost)
	case d.Kind.lifecycle():
		g.lifecycle.Add(1)
	}
}

// unpark takes a delivery out of the queue and gives its room back.
func (l *Lane) unpark(d *Delivery) {
	g := l.group
	l.queue.remove(&d.place)
	d.state, d.since = idle, time.Time{}
	switch {
	case d.Kind == Event:
		cost := d.cost()
		l.meter.Give(cost)
		g.bytes.Give(cost)
		g.node.bytes.Give(cost)
		g.events.Add(-1)
		g.observer.Parked(-1, -cost)
	case d.Kind.lifecycle():
		g.lifecycle.Add(-1)
	}
}

// drop ends a delivery that is in no list.
func (l *Lane) drop(d *Delivery, why Drop) {
	d.state = over
	l.group.observer.Dropped(d, why)
}

// eventsParked looks no further than two deliveries: an introduction, then an event.
func (l *Lane) eventsParked() bool {
	for n, i := l.queue.front, 0; n != nil && i < 2; n, i = n.next, i+1 {
		if n.value.Kind == Event {
			return true
		}
	}
	return false
}

// requeue puts a delivery that was handed over before back into the queue, behind
// those that are older. What was never handed over has no identity and is younger.
func (l *Lane) requeue(d *Delivery, now time.Time) {
	var after *node[*Delivery]
	for n := l.queue.front; n != nil && n.value.identity != 0 && n.value.identity < d.identity; n = n.next {
		after = n
	}
	l.queue.insertAfter(&d.place, after)
	l.account(d, now)
}
