package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// shelf is where the deliveries of a lane are parked.
type shelf struct {
	group *Group
	meter *park.Meter // nil for a connect attempt; shared by all lanes of a socket
	queue list[*Delivery]
}

// cost is what a parked event counts.
func (d *Delivery) cost() int64 { return int64(d.Bytes) + park.ItemBytes }

// park puts a delivery at the end of the queue, if the limits allow it. Otherwise
// it is dropped and the observer told. Connect attempts are bounded by their owner.
func (s *shelf) park(d *Delivery) bool {
	switch d.Kind {
	case Event:
		if why, ok := s.reserve(d.cost()); !ok {
			s.drop(d, why)
			return false
		}
		s.group.observer.Parked(1, d.cost())
	case Connected, Disconnected:
		if int(s.group.lifecycle.Add(1)) > s.group.node.config.Lifecycle {
			s.group.lifecycle.Add(-1)
			s.group.lost.Add(1)
			s.drop(d, LifecycleLimit)
			return false
		}
	}
	d.state, d.since = parked, time.Now()
	s.queue.pushBack(&d.place)
	return true
}

// reserve takes room for an event from the socket, the group and the node, from all
// or from none.
func (s *shelf) reserve(cost int64) (Drop, bool) {
	node := s.group.node
	if !s.meter.Take(cost, node.config.Socket) {
		return SocketFull, false
	}
	if !s.group.bytes.Take(cost) {
		s.meter.Give(cost)
		return GroupFull, false
	}
	if !node.bytes.Take(cost) {
		s.meter.Give(cost)
		s.group.bytes.Give(cost)
		return NodeFull, false
	}
	s.group.events.Add(1)
	return 0, true
}

// account counts a delivery that was accepted before and is parked again, whatever
// the limits say.
func (s *shelf) account(d *Delivery, now time.Time) {
	d.state, d.since = parked, now
	switch d.Kind {
	case Event:
		cost := d.cost()
		s.meter.Force(cost)
		s.group.bytes.Force(cost)
		s.group.node.bytes.Force(cost)
		s.group.events.Add(1)
		s.group.observer.Parked(1, cost)
	case Connected, Disconnected:
		s.group.lifecycle.Add(1)
	}
}

// unpark takes a delivery out of the queue and gives its room back.
func (s *shelf) unpark(d *Delivery) {
	s.queue.remove(&d.place)
	d.state, d.since = idle, time.Time{}
	switch d.Kind {
	case Event:
		cost := d.cost()
		s.meter.Give(cost)
		s.group.bytes.Give(cost)
		s.group.node.bytes.Give(cost)
		s.group.events.Add(-1)
		s.group.observer.Parked(-1, -cost)
	case Connected, Disconnected:
		s.group.lifecycle.Add(-1)
	}
}

// drop ends a delivery that is in no list.
func (s *shelf) drop(d *Delivery, why Drop) {
	d.state = over
	s.group.observer.Dropped(d.Kind, why)
}

// eventsParked looks no further than two deliveries: an introduction, then an event.
func (s *shelf) eventsParked() bool {
	for n, i := s.queue.front, 0; n != nil && i < 2; n, i = n.next, i+1 {
		if n.value.Kind == Event {
			return true
		}
	}
	return false
}

// requeue puts a delivery that was handed over before back into the queue, behind
// those that are older. What was never handed over has no identity and is younger.
func (s *shelf) requeue(d *Delivery, now time.Time) {
	var after *node[*Delivery]
	for n := s.queue.front; n != nil && n.value.identity != 0 && n.value.identity < d.identity; n = n.next {
		after = n
	}
	s.queue.insertAfter(&d.place, after)
	s.account(d, now)
}
