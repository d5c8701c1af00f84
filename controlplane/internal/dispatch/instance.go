package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/window"
)

// Instance is one process of a service. It outlives its stream for a while.
type Instance struct {
	holder
	hearing
	group *Group
	id    string
	// limit repeats the deliveries of the windows, to be read without mu.
	limit [classes]atomic.Uint32

	// Written with both group.pool.mu and mu held, read with either.
	life     uint32 // names the process: it grows when another one takes the id over
	first    uint64 // the smallest number that this process can have been given
	paused   bool
	draining bool
	complete bool
	keeps    bool // it gives no lanes to instances that come
	weight   uint32

	// Guarded by mu.
	windows [classes]window.Window
	ledger  ledger.Ledger[*Delivery]
	last    uint64 // the newest number that was given out
	timed   int    // deliveries of the ledger that have a timeout
	quarantine

	attendance // guarded by group.pool.mu
}

// attendance says since when the instance is there, or is not.
type attendance struct {
	current *Attachment // nil while suspended
	lostAt  time.Time   // zero while attached
	came    time.Time   // when Rebalance began to give it its share; zero when it has it
	timer   *time.Timer // of a suspension
}

func (a *attendance) stopTimer() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// overdue reports whether the instance is suspended, and was waited for longer than that. The caller holds pool.mu.
func (a *attendance) overdue(after time.Duration) bool {
	return a.current == nil && !a.lostAt.IsZero() && time.Since(a.lostAt) >= after
}

// takes reports whether the instance takes new work. The caller holds mu or pool.mu.
func (i *Instance) takes() bool { return i.sink != nil && !i.paused && !i.draining }

// curbed reports whether nothing more is handed over because of what all instances have unsettled together: it goes on with the
// instance's own settlements.
func (i *Instance) curbed(c class) bool {
	n := i.group.node
	return n.Spent() && i.windows[c].Held().Bytes >= uint64(n.config.HandedBytes/handedPart)
}

// mustLeave reports whether a lane with something parked cannot stay, though the
// instance is attached.
func (i *Instance) mustLeave(l *Lane) bool {
	if l.flight.len > 0 || i.sink == nil || l.solo.pinned() != "" {
		return false
	}
	return i.draining || l.avoid == i || (i.paused && i.group.takers.Load() > 0)
}

// admit hands a delivery over: from here on it is unsettled.
func (i *Instance) admit(l *Lane, d *Delivery, terms *Terms) {
	d.first = l.flight.len == 0
	i.windows[l.solo.class()].Take(d.Bytes, l.flight.holds())
	if l.solo != nil {
		i.shares.take(l, d.Bytes)
	}
	i.group.node.handed.Add(int64(d.Bytes))
	d.number()
	d.state, d.due, d.handed, d.terms = open, 0, now(), *terms
	l.flight.add(d)
	if terms.Timeout > 0 {
		i.timed++
	}
	if d.mustBeAlone() {
		i.alone = d
	}
	if d.Kind == Connected {
		l.told = i.life
	}
	i.ledger.Open(d.seq, d)
	i.last = d.seq
	i.group.observer.Delivered(d.Kind, d.attempt)
	i.sink.Deliver(Try{d, d.seq, d.identity, d.attempt, *terms})
}

// pass counts a delivery as handed over and settled, though nobody hears of it.
func (i *Instance) pass(l *Lane, d *Delivery) {
	d.number()
	d.state = over
	l.introducing = l.introducing && d.Kind != Connected
	i.endIfDone(l)
}

// number gives a delivery the number of its next try.
func (d *Delivery) number() {
	g := d.lane.group
	d.seq = g.node.seq.Add(1)
	d.attempt++
	if d.identity == 0 {
		d.identity = d.seq
	}
	if d.Kind == Connected {
		d.lane.made(d, &g.epochs)
	}
}

// closeTry takes a delivery out of the flight, and gives its room back.
func (i *Instance) closeTry(d *Delivery) {
	l := d.lane
	l.flight.take(d)
	if d.terms.Timeout > 0 {
		i.timed--
	}
	if i.alone == d {
		i.alone = nil
	}
	i.windows[l.solo.class()].Give(d.Bytes, l.flight.holds())
	if l.solo != nil {
		i.shares.give(l, d.Bytes)
	}
	i.group.node.handed.Add(-int64(d.Bytes))
	if l.flight.len == 0 {
		i.lead(l)
	}
}

// revoked tells that a delivery was taken from the instance.
func (i *Instance) revoked(d *Delivery, why Reason) {
	i.group.node.revoke(d.seq)
	i.group.observer.Revoked(d.Kind, why)
	i.hearing.revoke(d.seq, why)
}

// unlock unlocks mu and goes on with what needs pool.mu, which must not be held: lanes
// that cannot stay, and those of the pool that this instance has room for.
func (i *Instance) unlock() {
	stuck, few, short := i.stuck.front != nil, false, false
	if i.takes() {
		few = i.group.pool.backlog[sockets].Load() > 0 && uint32(i.backlog[sockets].Load()) <= i.limit[sockets].Load()/2
		short = i.shares.short.front != nil
	}
	i.mu.Unlock()
	if stuck {
		i.group.pool.relocate(i)
	}
	if few || short {
		i.group.pool.feedTo(i, few)
	}
}

// unlock unlocks mu and goes on with what was left undone.
func (h *holder) unlock() {
	if h.inst != nil {
		h.inst.unlock()
		return
	}
	h.mu.Unlock()
}
