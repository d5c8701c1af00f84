package facts

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

// Listeners are the facts of all instances that ask for rooms or users. The zero value is
// empty; it is safe for concurrent use. While nobody does, a
// fact costs one look at them.
type Listeners struct {
	all atomic.Pointer[[]*Facts]

	mu sync.Mutex // guards changes of all; a leaf
}

// load are those that listen by now; some may be over.
func (l *Listeners) load() []*Facts {
	if all := l.all.Load(); all != nil {
		return *all
	}
	return nil
}

// set adds facts, or takes them out.
func (l *Listeners) set(f *Facts, listens bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(l.load()), func(other *Facts) bool { return other == f || other.to.Closed() })
	if listens {
		all = append(all, f)
	}
	l.all.Store(&all)
}

// Tend tells of users whose grace is over, and forgets instances that are. The janitor
// calls it.
func (l *Listeners) Tend(now time.Time) {
	for _, f := range l.load() {
		if f.to.Closed() {
			l.set(f, false)
			continue
		}
		f.tend(now)
	}
}

// Learn passes on that a fact has come about, or is over.
func (l *Listeners) Learn(n Fact, present bool) {
	for _, f := range l.load() {
		f.learn(n, present)
	}
}

// Begin starts to tell an instance, that has just said hello with these subscriptions, of
// the rooms that are occupied and the users who are present.
func (l *Listeners) Begin(f *Facts, subs []*subscription.Subscription, h *hub.Hub) {
	listens := f.ask(subs)
	l.set(f, listens)
	var there []Fact
	if listens {
		there = lookUp(h, f.subs)
	}
	f.merge(there)
}
