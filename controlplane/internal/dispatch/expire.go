package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
)

// expireStep is how many waiting lanes of a holder are looked at in one go. What is
// beyond is looked at the next time; nothing expired is ever handed over, for fill
// looks too.
const expireStep = 4096

// Expire drops what is parked for too long. It is called about once a second.
func (g *Group) Expire(now time.Time) {
	// What expired may have made room.
	defer g.feed()
	if g.events.Load() == 0 {
		return
	}
	g.pool.mu.Lock()
	members := make([]*holder, 0, len(g.members)+1)
	g.pool.expire(now)
	for _, i := range g.members {
		members = append(members, &i.holder)
	}
	g.pool.mu.Unlock()
	for _, h := range members {
		h.mu.Lock()
		h.expire(now)
		h.mu.Unlock()
	}
}

func (h *holder) expire(now time.Time) {
	for range min(h.turns.len, expireStep) {
		l := h.turns.front.value
		if l.expire(h, now) {
			h.turns.rotate()
		}
	}
}

// expire drops the events at the head of the queue that waited too long. The time in
// which the lane was blocked by its own order does not count. It reports whether
// the lane goes on.
func (l *Lane) expire(h *holder, now time.Time) bool {
	age := l.group.node.config.Age
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind != Event {
			// Lifecycle has no age; the events behind an introduction do.
			continue
		}
		since := d.since
		if l.ready.After(since) {
			since = l.ready
		}
		if !ledger.Expired(now, since, age) {
			break
		}
		l.unpark(d)
		l.drop(d, Expired)
	}
	return l.tidy(h)
}

// tidy lets a connected and a disconnected that nobody saw cancel out, once no
// event stands between them, and takes an empty lane's turn away. It reports
// whether the lane has something left in its queue.
func (l *Lane) tidy(h *holder) bool {
	if l.leaving && l.unseen() && !l.eventsParked() {
		for n := l.queue.front; n != nil; n = l.queue.front {
			l.unpark(n.value)
			n.value.state = over
		}
		l.end(h)
		return false
	}
	if l.queue.front == nil {
		h.dequeue(l)
		l.ebb(h)
		return false
	}
	return true
}

// unseen reports whether no instance was ever told of the socket.
func (l *Lane) unseen() bool { return l.owner != nil && l.intro == 0 && l.flight.len == 0 }
