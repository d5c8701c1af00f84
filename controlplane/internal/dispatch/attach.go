package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

// Attach gives an instance a stream. If the instance has one already, everything
// unsettled is taken from it and handed over to the new one; fenced is then the
// sink of the old one. First says that no instance of the group was attached before.
//
// Nothing is handed over before Start.
func (g *Group) Attach(id string, sink Sink) (a *Attachment, fenced Sink, first bool) {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	first = true
	for _, i := range g.members {
		first = first && (!i.lostAt.IsZero() || i.id == id)
	}
	i := g.members[id]
	if i == nil {
		i = &Instance{group: g, id: id}
		i.inst = i
		g.members[id] = i
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != nil {
		fenced = i.current.sink
		i.revokeAll(time.Now())
	}
	a = &Attachment{inst: i, sink: sink}
	i.current, i.sink, i.lostAt = a, nil, time.Time{}
	i.resize(window.Size{})
	i.stopTimer()
	g.absent = time.Time{}
	g.countTakers()
	return a, fenced, first
}

// Start lets deliveries come, as far as the window has room.
func (a *Attachment) Start(size window.Size, introduceAnew bool) {
	i := a.inst
	i.mu.Lock()
	if i.current == a {
		i.sink = a.sink
	}
	i.mu.Unlock()
	if introduceAnew {
		i.group.attachEpoch.Add(1)
	}
	a.Resize(size)
}

// Resize changes the window.
func (a *Attachment) Resize(size window.Size) {
	i, g := a.inst, a.inst.group
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	i.mu.Lock()
	if i.current != a {
		i.mu.Unlock()
		return
	}
	i.resize(size)
	i.fill()
	i.mu.Unlock()
	g.countTakers()
	g.sweep(time.Now())
	g.feedLocked()
}

func (i *Instance) resize(size window.Size) {
	i.window.Resize(size)
	i.paused.Store(i.window.Paused())
	i.limit.Store(size.Deliveries)
}

// Room reports whether the instance could take more than what is there for it.
func (a *Attachment) Room() bool {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.current == a && i.turns.front == nil && !i.window.Full()
}

// Detach takes the stream away. After a clean leave the work moves at once; after a
// loss it waits for the instance: for the failover delay while another instance
// could take it, otherwise as long as events are parked.
func (a *Attachment) Detach(leave bool) {
	i, g := a.inst, a.inst.group
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	i.mu.Lock()
	if i.current != a {
		i.mu.Unlock()
		return
	}
	now := time.Now()
	i.current, i.sink, i.lostAt = nil, nil, now
	i.revokeAll(now)
	i.mu.Unlock()
	g.countTakers()
	if g.attached() == 0 {
		g.absent = now
	}
	delay := g.node.config.FailoverDelay
	if leave || (delay <= 0 && g.takers.Load() > 0) {
		g.dissolve(i)
	} else if !g.closed {
		i.timer = time.AfterFunc(max(delay, 0), i.onLost)
	}
	g.feedLocked()
}

// onLost runs when the failover delay of a lost instance is over, and again when
// it was waited for long enough.
func (i *Instance) onLost() {
	g := i.group
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	if g.members[i.id] != i || i.lostAt.IsZero() || g.closed {
		return
	}
	now := time.Now()
	g.sweep(now)
	if g.members[i.id] == i {
		i.timer = time.AfterFunc(max(g.node.config.Age-now.Sub(i.lostAt), 0)+time.Millisecond, i.onLost)
	}
	g.feedLocked()
}

// sweep moves lanes off the instances that cannot take work: lost ones whose delay
// is over while somebody else can, lost ones that were waited for long enough, and
// the idle lanes of paused ones. The caller holds pool.mu.
func (g *Group) sweep(now time.Time) {
	taker := g.takers.Load() > 0
	for _, i := range g.members {
		lost := now.Sub(i.lostAt)
		switch {
		case i.lostAt.IsZero():
			if taker && i.paused.Load() {
				g.vacate(i)
			}
		case lost >= g.node.config.Age, taker && lost >= g.node.config.FailoverDelay:
			g.dissolve(i)
		}
	}
}

// vacate takes the lanes without a flight from a paused instance.
func (g *Group) vacate(i *Instance) {
	i.mu.Lock()
	defer i.mu.Unlock()
	moved := 0
	for n := i.lanes.front; n != nil; {
		l := n.value
		n = n.next
		if l.flight.len == 0 {
			i.surrender(l)
			moved++
		}
	}
	if moved > 0 {
		g.observer.Moved(moved)
	}
}

// dissolve forgets a lost instance: its lanes go to the pool.
func (g *Group) dissolve(i *Instance) {
	i.mu.Lock()
	defer i.mu.Unlock()
	moved := i.lanes.len
	for n := i.lanes.front; n != nil; n = i.lanes.front {
		i.surrender(n.value)
	}
	i.stopTimer()
	delete(g.members, i.id)
	if moved > 0 {
		g.observer.Moved(moved)
	}
}

func (i *Instance) stopTimer() {
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
}

// countTakers counts anew. The caller holds pool.mu.
func (g *Group) countTakers() {
	n := int32(0)
	for _, i := range g.members {
		if i.lostAt.IsZero() && i.limit.Load() > 0 {
			n++
		}
	}
	g.takers.Store(n)
}

// attached counts the instances with a stream. The caller holds pool.mu.
func (g *Group) attached() int {
	n := 0
	for _, i := range g.members {
		if i.lostAt.IsZero() {
			n++
		}
	}
	return n
}
