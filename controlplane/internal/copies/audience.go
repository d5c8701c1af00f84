package copies

import (
	"slices"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/subscription"
)

// audiences are who observes what, by namespace, as they are seated now.
type audiences struct {
	mu    sync.RWMutex         // guards the fields below; a leaf
	seats any                  // which seats names was made of
	names map[string]*audience // nil: nobody observes it
}

// maxNamespaces is how many namespaces are remembered; beyond it all are forgotten, and
// looked up again.
const maxNamespaces = 4096

// of finds who observes a namespace; nil when nobody does.
func (as *audiences) of(hall Hall, seats any, namespace string) *audience {
	as.mu.RLock()
	a, ok := as.names[namespace]
	ok = ok && as.seats == seats
	as.mu.RUnlock()
	if ok {
		return a
	}
	a = newAudience(hall.Observers(seats, namespace))
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.seats != seats || len(as.names) >= maxNamespaces {
		as.seats, as.names = seats, make(map[string]*audience)
	}
	as.names[namespace] = a
	return a
}

// Hall knows who observes. It is safe for concurrent use.
type Hall interface {
	// Seats stands for all who observe by now; nil when nobody does. It is another value
	// once anything of them has changed.
	Seats() any
	// Observers are those of a namespace. The empty namespace stands for what has none: all
	// observers; a pattern for all that have a namespace in common with it.
	Observers(seats any, namespace string) []Observer
}

// Observer is one instance with one subscription.
type Observer struct {
	// Group is whose copies it shares: each group gets one.
	Group string
	// Instance names it.
	Instance string
	// Attached reports whether it has a stream.
	Attached func() bool
	// To takes its copies.
	To *Copies
	// Wants is what it asks for.
	Wants *subscription.Subscription
}

// audience is who observes one namespace: groups, of which each gets one copy. It never
// changes.
type audience struct{ groups [][]viewer }

// viewer is one instance that observes.
type viewer struct {
	to       *Copies
	attached func() bool
	hash     uint64 // of its name
	wants    []*subscription.Subscription
}

func newAudience(observers []Observer) *audience {
	a := &audience{}
	place := make(map[string]int)
	for _, o := range observers {
		at, ok := place[o.Group]
		if !ok {
			at = len(a.groups)
			place[o.Group] = at
			a.groups = append(a.groups, nil)
		}
		viewers := a.groups[at]
		i := slices.IndexFunc(viewers, func(v viewer) bool { return v.to == o.To })
		if i < 0 {
			i = len(viewers)
			viewers = append(viewers, viewer{to: o.To, attached: o.Attached, hash: observe.Hash(o.Instance)})
		}
		viewers[i].wants = append(viewers[i].wants, o.Wants)
		a.groups[at] = viewers
	}
	if len(a.groups) == 0 {
		return nil
	}
	return a
}

// give gives an observation to one instance of each group that wants it. Who it is about
// is nil for an emit.
func (a *audience) give(o *observation, about observe.Subject) {
	for _, viewers := range a.groups {
		v := &viewers[0]
		if len(viewers) > 1 {
			v = choose(viewers, o, about)
		}
		if v == nil {
			continue
		}
		for _, sub := range v.wants {
			if o.wantedBy(sub, about) && sub.Samples(o.kind) {
				v.to.observe(o, sub)
			}
		}
	}
}

// choose picks the instance that gets an observation, of those that are attached and want
// it: by the socket, so that all about one socket comes to one instance for as long as
// the instances are the same.
func choose(viewers []viewer, o *observation, about observe.Subject) *viewer {
	key := o.key(about)
	var best *viewer
	var most uint64
	for i := range viewers {
		v := &viewers[i]
		score := observe.Score(key, v.hash)
		if best != nil && score <= most {
			continue
		}
		wanted := slices.ContainsFunc(v.wants, func(sub *subscription.Subscription) bool { return o.wantedBy(sub, about) })
		if wanted && v.attached() {
			best, most = v, score
		}
	}
	return best
}

// key decides who gets the observation: the same for all about one socket.
func (o *observation) key(about observe.Subject) uint64 {
	if about != nil {
		return observe.Hash(about.ID())
	}
	return observe.Hash(o.name)
}

// wantedBy reports whether a subscription asks for the observation.
func (o *observation) wantedBy(sub *subscription.Subscription, about observe.Subject) bool {
	if !sub.Asks(o.kind) {
		return false
	}
	switch o.kind {
	case hubv1.Kind_KIND_EMITS:
		return sub.Filter.Event(o.name) && sub.Filter.Target(o.body.(*emission).emit.GetTarget())
	case hubv1.Kind_KIND_EVENT:
		if !sub.Filter.Event(o.name) {
			return false
		}
	case hubv1.Kind_KIND_DROPS:
		if o.name != "" && !sub.Filter.Event(o.name) {
			return false
		}
	}
	return sub.Filter.Subject(about)
}
