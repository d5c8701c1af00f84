package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// Group is one service: its instances, and the lanes that none of them has. It is safe
// for concurrent use.
type Group struct {
	node     *Node
	name     string
	observer Observer

	// pool.mu is the group's mutex: it guards the pool and the fields below it.
	pool    pool
	members map[string]*Instance
	lives   uint32 // the last life that was given out
	closed  bool
	absent  time.Time // since when no instance is attached; zero while one is

	// takers counts the instances that take work.
	takers atomic.Int32
	epochs epochs

	bytes     *park.Part // counts towards that of the node
	events    atomic.Int64
	lifecycle atomic.Int64
	// deaths counts the processes that were lost, or replaced by another one, without a word.
	deaths   atomic.Uint32
	holds    holds
	departed departed
	tallies
}

// NewGroup returns a group without an instance.
func (n *Node) NewGroup(name string, observer Observer) *Group {
	g := &Group{
		node: n, name: name, observer: observer, members: make(map[string]*Instance),
		bytes: park.NewPart(n.config.GroupBytes, n.bytes), absent: time.Now(),
	}
	g.pool.Group = g
	g.epochs.begin()
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
func (g *Group) Anew() { g.epochs.lost.Add(1) }

// countTakers counts anew. The caller holds pool.mu.
func (g *Group) countTakers() {
	n := int32(0)
	for _, i := range g.members {
		if i.takes() {
			n++
		}
	}
	g.takers.Store(n)
}

// attached counts the instances with a stream. The caller holds pool.mu.
func (g *Group) attached() int {
	n := 0
	for _, i := range g.members {
		if i.current != nil {
			n++
		}
	}
	return n
}

// tallies count what is told of now and then.
type tallies struct {
	lost atomic.Int64 // lifecycle records dropped since the last look
	// unisolated counts deliveries that were to be alone on their instance for too long, since the last look.
	unisolated atomic.Int64
}

// TakeLost returns how many lifecycle records were dropped since the last call.
func (t *tallies) TakeLost() int { return int(t.lost.Swap(0)) }

// TakeUnisolated returns for how many deliveries since the last call an instance has taken other work again that was
// to wait until they were settled alone.
func (t *tallies) TakeUnisolated() int { return int(t.unisolated.Swap(0)) }
