package fence

import (
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// Gate is what a log's reader goes through with each entry, so that fences end between two of them. The zero value is at the
// beginning of a log, and safe for concurrent use.
type Gate struct {
	turn    sync.Mutex // held while an entry is applied, or a fence ends; guards waiting
	waiting []*Fence   // for an entry that has not been applied

	mu      sync.Mutex // guards applied
	applied cluster.Position
}

// Apply applies an entry by f, and ends the fences that have waited for it.
func (g *Gate) Apply(at cluster.Position, f func()) {
	g.turn.Lock()
	defer g.turn.Unlock()
	f()
	g.reachedLocked(at)
}

// Reached says that everything up to a place has been applied.
func (g *Gate) Reached(at cluster.Position) { g.Apply(at, func() {}) }

func (g *Gate) reachedLocked(at cluster.Position) {
	g.mu.Lock()
	if g.applied.Before(at) {
		g.applied = at
	}
	at = g.applied
	g.mu.Unlock()
	g.waiting = slices.DeleteFunc(g.waiting, func(f *Fence) bool {
		if at.Before(f.at) {
			return f.Ended()
		}
		f.End(at, nil)
		return true
	})
}

// Applied is how far it has been applied. It takes no lock that is held while something is applied.
func (g *Gate) Applied() cluster.Position {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.applied
}

// Await ends a fence once everything up to a place has been applied. Nothing is applied while it ends.
func (g *Gate) Await(f *Fence, at cluster.Position) {
	g.turn.Lock()
	defer g.turn.Unlock()
	if applied := g.Applied(); !applied.Before(at) {
		f.End(applied, nil)
		return
	}
	f.at = at
	g.waiting = append(g.waiting, f)
}
