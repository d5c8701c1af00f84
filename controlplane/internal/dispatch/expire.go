package dispatch

import (
	"math/bits"
	"time"
)

// expireStep is how many waiting lanes of a holder are looked at in one go. What is
// beyond is looked at the next time; nothing expired is ever handed over, for fill
// looks too.
const expireStep = 4096

// Expire drops what is parked for too long, takes back what was not settled in time, and ends what
// keeps an instance from other work for too long.
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
	starved := g.pool.starved
	g.pool.starved = nil
	for _, i := range g.members {
		members = append(members, i)
	}
	g.pool.mu.Unlock()
	for _, owner := range starved {
		owner.Starved()
	}
	g.holds.letGo()
	g.departed.abandon(t)
	for _, i := range members {
		i.timeOut(t)
		i.endIsolation(t)
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
	for _, waiting := range []*list[*Lane]{&h.turns[leaders], &h.turns[followers], &h.stuck} {
		for range min(waiting.len, expireStep) {
			l := waiting.front.value
			if h.expireLane(l, t) {
				waiting.rotate()
			}
		}
	}
}

// expireLane drops the events at the head of the queue that waited too long. The time in
// which the lane was blocked by its own order does not count. Those with the policy Pause
// wait as long as an instance is there; when there has been none for so long they are dropped
// all together, as what follows them could not be told from what was lost. It reports
// whether the lane goes on.
func (h *holder) expireLane(l *Lane, t instant) bool {
	age := l.group.node.config.Age
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind != Event {
			// Lifecycle has no age; the events behind an introduction do.
			continue
		}
		if d.Overflow == Pause {
			if h.starves(l) && t.since(max(d.since, l.ready, l.pooled)) >= age+l.jitter(d) {
				h.starve(l)
			}
			break
		}
		if t.since(max(d.since, l.ready)) < age {
			break
		}
		l.unpark(d)
		l.drop(d, Expired)
	}
	return h.cancelOut(l)
}

// starveSpread is the time over which browsers are sent away whose events have waited too
// long for an instance: those that came together do not go together.
const starveSpread = 5 * time.Second

// jitter is the lane's part of starveSpread. It is drawn from the moment at which its
// first event was parked, which differs by more than nanoseconds from browser to browser.
func (*Lane) jitter(d *Delivery) time.Duration {
	drawn, _ := bits.Mul64(uint64(d.since)*0x9e3779b97f4a7c15, uint64(starveSpread))
	return time.Duration(drawn)
}

// starves reports whether there is no instance for what a lane has parked.
func (h *holder) starves(l *Lane) bool {
	return h.inst == nil && (!l.group.absent.IsZero() || l.turn.list == &h.stuck)
}

// starve drops all events of a lane and notes its owner for Expire.
func (h *holder) starve(l *Lane) {
	l.starved = true // it stays held, and what it still says is dropped, too
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind == Event {
			l.unpark(d)
			l.drop(d, NoService)
		}
	}
	if l.owner != nil && !l.leaving {
		l.group.pool.starved = append(l.group.pool.starved, l.owner)
	}
}
