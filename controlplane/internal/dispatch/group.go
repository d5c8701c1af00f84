package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// Group is one service: its instances, and the lanes that none of them has.
type Group struct {
	node     *Node
	name     string
	observer Observer

	// pool.mu is the group's mutex: it guards the pool and the fields below it.
	pool    holder
	members map[string]*Instance
	closed  bool
	absent  time.Time // since when no instance is attached; zero while one is

	// takers counts the instances that are attached and not paused.
	takers atomic.Int32
	// attachEpoch and lostEpoch move on when sockets are to be introduced anew: those
	// that asked for it, and all. Both start at 1.
	attachEpoch, lostEpoch atomic.Uint32

	bytes     *park.Budget
	events    atomic.Int64
	lifecycle atomic.Int64
	lost      atomic.Int64 // lifecycle records dropped since the last look
}

// NewGroup returns a group without an instance.
func (n *Node) NewGroup(name string, observer Observer) *Group {
	g := &Group{
		node: n, name: name, observer: observer, members: make(map[string]*Instance),
		bytes: park.NewBudget(n.config.GroupBytes), absent: time.Now(),
	}
	g.attachEpoch.Store(1)
	g.lostEpoch.Store(1)
	return g
}

// Name is the name of the group.
func (g *Group) Name() string { return g.name }

// Absent is how long no instance has been attached; zero while one is.
func (g *Group) Absent(now time.Time) time.Duration {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	if g.absent.IsZero() {
		return 0
	}
	return max(now.Sub(g.absent), 1)
}

// Anew lets every socket be introduced again before its next event.
func (g *Group) Anew() { g.lostEpoch.Add(1) }

// TakeLost returns how many lifecycle records were dropped since the last call.
func (g *Group) TakeLost() int { return int(g.lost.Swap(0)) }

// place finds an instance for a lane: for one in the pool, or for an idle one of a
// paused instance.
func (g *Group) place(l *Lane) {
	if g.takers.Load() == 0 {
		return
	}
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	// Under the group's mutex no lane changes its holder.
	h := l.holder.Load()
	if h.inst != nil {
		h.mu.Lock()
		moves := h.inst.paused.Load() && l.flight.len == 0 && !l.ended
		if moves {
			h.surrender(l)
		}
		h.mu.Unlock()
		if !moves {
			return
		}
		g.observer.Moved(1)
	}
	g.assign(l, nil)
}

// assign binds a lane of the pool to an instance, if one is there. The caller holds
// pool.mu.
func (g *Group) assign(l *Lane, avoid *Instance) {
	if l.ended {
		return
	}
	inst := g.pick(avoid, false)
	if inst == nil {
		return
	}
	inst.mu.Lock()
	inst.bind(l)
	l.arm(&inst.holder)
	inst.fill()
	inst.mu.Unlock()
}

// pick returns the attached instance with the fewest lanes for its window, one that
// is not full before one that is, or nil. With room set, only one whose backlog is
// shorter than its window. The one to avoid is taken only when there is no other. The
// caller holds pool.mu.
func (g *Group) pick(avoid *Instance, room bool) *Instance {
	var best *Instance
	var bestRank rank
	for _, i := range g.members {
		limit := i.limit.Load()
		if !i.lostAt.IsZero() || limit == 0 || (room && uint32(i.backlog.Load()) >= limit) {
			continue
		}
		r := rank{i == avoid, i.full(), float64(i.bound.Load()+1) / float64(limit)}
		if best == nil || r.before(bestRank) {
			best, bestRank = i, r
		}
	}
	return best
}

// rank says how well an instance is suited for one more lane.
type rank struct {
	avoid, full bool
	load        float64
}

// before reports whether r is better suited than s.
func (r rank) before(s rank) bool {
	switch {
	case r.avoid != s.avoid:
		return s.avoid
	case r.full != s.full:
		return s.full
	}
	return r.load < s.load
}

// feed gives parked lanes of the pool to instances that have room.
func (g *Group) feed() {
	if g.pool.backlog.Load() == 0 {
		return
	}
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	g.feedLocked()
}

// feedLocked is feed with pool.mu held. Lanes are given out a few at a time, and
// not more than an instance can work on soon: one that attaches a moment later gets
// its share.
func (g *Group) feedLocked() {
	for g.pool.turns.front != nil {
		inst := g.pick(nil, true)
		if inst == nil {
			return
		}
		inst.mu.Lock()
		for range feedStep {
			n := g.pool.turns.front
			if n == nil || uint32(inst.turns.len) >= inst.limit.Load() {
				break
			}
			inst.bind(n.value)
			inst.enqueue(n.value)
		}
		inst.fill()
		inst.backlog.Store(int32(inst.turns.len))
		inst.mu.Unlock()
	}
}

// feedStep is how many lanes an instance gets before the next one is looked at.
const feedStep = 32
