package controlplane

import (
	"sync"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/timequeue"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// connects are the connect attempts without a decision. An attempt waits as long as
// its browser does.
type connects struct {
	srv  *Server
	left *ledger.Gone

	mu      sync.Mutex // guards the fields below; a leaf
	open    map[*connect]struct{}
	agenda  timequeue.Queue[*connect] // when to look at them, only those that something is due for
	closing bool
	waiting waitingWatch // the janitor's
}

func newConnects(s *Server) *connects {
	return &connects{srv: s, open: make(map[*connect]struct{}), left: ledger.NewGone()}
}

// Connect implements hub.Application.
func (s *Server) Connect(a *hub.ConnectAttempt) {
	c := &connect{srv: s, attempt: a, generation: s.decisions.Generation()}
	c.when.Value = c
	a.SetTag(c)
	if s.debugging() {
		s.debugSocket("connect attempt", subjectOfAttempt(a))
	}
	if s.decideHere(c) {
		return
	}
	if !s.connects.add(c) {
		c.sendAway(trace.UndecidedShutdown)
		return
	}
	c.look(time.Now())
}

// AttemptGone implements hub.Watcher: the browser has left before the answer.
func (w *watching) AttemptGone(a *hub.ConnectAttempt) {
	if c, ok := a.Tag().(*connect); ok {
		c.gone()
	}
}

// add registers an attempt, unless the end has begun. The hub bounds how many there are.
func (cs *connects) add(c *connect) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closing {
		return false
	}
	cs.open[c] = struct{}{}
	return true
}

func (cs *connects) remove(c *connect) {
	cs.mu.Lock()
	delete(cs.open, c)
	cs.agenda.Remove(&c.when)
	cs.mu.Unlock()
}

// soon asks for a look at an attempt, at the latest at that time.
func (cs *connects) soon(c *connect, at time.Time) {
	cs.mu.Lock()
	if c.when.Place == 0 || at.Before(c.when.At) {
		cs.agenda.Set(&c.when, at)
	}
	cs.mu.Unlock()
}

// next takes an attempt that is to be looked at by now out of the agenda; nil when there
// is none.
func (cs *connects) next(now time.Time) *connect {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	s := cs.agenda.Due(now)
	if s == nil {
		return nil
	}
	cs.agenda.Remove(s)
	return s.Value
}

// len counts the attempts without a decision.
func (cs *connects) len() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}

// all returns the attempts without a decision.
func (cs *connects) all() []*connect {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	open := make([]*connect, 0, len(cs.open))
	for c := range cs.open {
		open = append(open, c)
	}
	return open
}

// reroute looks at all attempts again after the routes have changed.
func (cs *connects) reroute() {
	now := time.Now()
	for _, c := range cs.all() {
		c.look(now)
	}
}

// tend looks at those attempts for which something is due. What is due again at once
// waits for the next tick. The janitor calls it.
func (cs *connects) tend(now time.Time) {
	for range cs.scheduled() {
		c := cs.next(now)
		if c == nil {
			return
		}
		c.look(now)
	}
}

// scheduled counts the attempts that a look was asked for.
func (cs *connects) scheduled() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.agenda.Len()
}

// close ends all attempts without a decision.
func (cs *connects) close() {
	cs.mu.Lock()
	cs.closing = true
	cs.mu.Unlock()
	for _, c := range cs.all() {
		c.shutdown()
	}
}
