package controlplane

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/trace"
)

const (
	// waitingWarn is how long browsers wait for a namespace that no service has asked for
	// until that is worth a warning, and waitingWarnEvery the time from one to the next.
	waitingWarn      = 5 * time.Second
	waitingWarnEvery = time.Minute
	// waitingNamed is how many namespaces a warning names: browsers choose them.
	waitingNamed = 3
)

// waitingWatch looks after attempts for which there is no authorizer. It belongs to the
// janitor.
type waitingWatch struct {
	since  time.Time // since when some wait; zero while none does
	warned time.Time
}

// tendWaiting refuses browsers that wait for a namespace which is unknown by now, and
// warns of those that wait for a service.
func (cs *connects) tendWaiting(now time.Time) {
	cs.srv.authorizers.Store(cs.srv.routes.decide())
	waiting := make(map[string]int)
	for _, c := range cs.all() {
		if !c.unasked() {
			continue
		}
		if cs.srv.Knows(c.attempt.Namespace()) {
			waiting[c.attempt.Namespace()]++
		} else {
			c.unknown()
		}
	}
	w := &cs.waiting
	switch {
	case len(waiting) == 0:
		w.since = time.Time{}
		return
	case w.since.IsZero():
		w.since = now
	}
	if now.Sub(w.since) < waitingWarn || now.Sub(w.warned) < waitingWarnEvery {
		return
	}
	w.warned = now
	names := slices.SortedFunc(maps.Keys(waiting), func(a, b string) int {
		return cmp.Or(cmp.Compare(waiting[b], waiting[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), waitingNamed)] {
		cs.srv.log.Warn("browsers wait for a namespace that no service has asked for", "namespace", contract.Readable(name),
			"browsers", waiting[name], "namespaces", len(names), "refused", cs.srv.refusedWhen(name, now), "option", "namespaces, start_grace",
			"help", "start the service, or list the namespaces that exist")
	}
}

// unasked reports whether no authorizer is known to ask.
func (c *connect) unasked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && c.group == nil && c.facts == nil
}

// unknown refuses a browser whose namespace does not exist for certain.
func (c *connect) unknown() {
	if c.decided(nil, c.attempt.DenyUnknown) == nil {
		by := copies.Decision{Outcome: trace.OutcomeDeny, By: "hub", Message: "unknown namespace"}
		c.srv.debugDecision(c.attempt, by)
		c.srv.observers.Decided(c.attempt, by)
	}
}
