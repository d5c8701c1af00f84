package dispatch

import "time"

// expireStep is how many waiting lanes of a holder are looked at in one go. What is
// beyond is looked at the next time; nothing expired is ever handed over, for fill
// looks too.
const expireStep = 4096

// Expire drops what is parked for too long, and takes back what was not settled in time.
// It is called about once a second.
func (g *Group) Expire(at time.Time) {
	t := instantOf(at)
	// What expired may have made room.
	defer g.pool.feed()
	g.pool.mu.Lock()
	members := make([]*Instance, 0, len(g.members))
	if g.events.Load() > 0 {
		g.pool.expire(t)
	}
	for _, i := range g.members {
		members = append(members, i)
	}
	g.pool.mu.Unlock()
	for _, i := range members {
		i.timeOut(t)
		if g.events.Load() == 0 {
			continue
		}
		i.mu.Lock()
		i.expire(t)
		i.fill()
		i.unlock()
	}
}

func (h *holder) expire(t instant) {
	for _, waiting := range []*list[*Lane]{&h.turns[sockets], &h.stuck} {
		for range min(waiting.len, expireStep) {
			l := waiting.front.value
			if h.expireLane(l, t) {
				waiting.rotate()
			}
		}
	}
}

// expireLane drops the events at the head of the queue that waited too long. The time in
// which the lane was blocked by its own order does not count. It reports whether
// the lane goes on.
func (h *holder) expireLane(l *Lane, t instant) bool {
	age := l.group.node.config.Age
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind != Event {
			// Lifecycle has no age; the events behind an introduction do.
			continue
		}
		if t.since(max(d.since, l.ready)) < age {
			break
		}
		l.unpark(d)
		l.drop(d, Expired)
	}
	return h.cancelOut(l)
}
