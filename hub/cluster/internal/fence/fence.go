package fence

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// most bounds those that are open.
const most = 1 << 16

// Fences are those that are open. The zero value is ready, and safe for concurrent use.
type Fences struct {
	mu   sync.Mutex // guards the fields below
	open map[*Fence]struct{}
	over bool
}

// Fence is one that has been asked for.
type Fence struct {
	all   *Fences
	done  func(cluster.Position, error)
	timer *time.Timer
	ended atomic.Bool
	at    cluster.Position // set by Gate.Await
}

// Begin makes one that ends by itself after a while, with cluster.ErrAway. Nil: it has ended already.
func (all *Fences) Begin(after time.Duration, done func(cluster.Position, error)) *Fence {
	f := &Fence{all: all, done: done}
	all.mu.Lock()
	var err error
	switch {
	case all.over:
		err = cluster.ErrAway
	case len(all.open) >= most:
		err = cluster.ErrFull
	default:
		if all.open == nil {
			all.open = map[*Fence]struct{}{}
		}
		all.open[f] = struct{}{}
		f.timer = time.AfterFunc(after, func() { f.End(cluster.Position{}, cluster.ErrAway) })
	}
	all.mu.Unlock()
	if err != nil {
		done(cluster.Position{}, err)
		return nil
	}
	return f
}

// End ends it, unless it has ended.
func (f *Fence) End(at cluster.Position, err error) {
	if !f.ended.CompareAndSwap(false, true) {
		return
	}
	f.all.mu.Lock()
	f.timer.Stop()
	delete(f.all.open, f)
	f.all.mu.Unlock()
	f.done(at, err)
}

// Ended reports whether it has ended.
func (f *Fence) Ended() bool { return f.ended.Load() }

// Close ends all with cluster.ErrAway; there are no more.
func (all *Fences) Close() {
	all.mu.Lock()
	all.over = true
	open := make([]*Fence, 0, len(all.open))
	for f := range all.open {
		open = append(open, f)
	}
	all.mu.Unlock()
	for _, f := range open {
		f.End(cluster.Position{}, cluster.ErrAway)
	}
}
