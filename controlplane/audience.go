package controlplane

import (
	"slices"
	"strings"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/subscription"
)

// audiences are who observes what, by namespace, as the current table has it.
type audiences struct {
	mu    sync.RWMutex // guards the fields below; a leaf
	table *table
	names map[string]*audience // nil: nobody observes it
}

// of finds who observes a namespace; nil when nobody does. The empty namespace stands for
// what has none: all observers.
func (as *audiences) of(t *table, namespace string) *audience {
	as.mu.RLock()
	a, ok := as.names[namespace]
	ok = ok && as.table == t
	as.mu.RUnlock()
	if ok {
		return a
	}
	a = newAudience(t, namespace)
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.table != t || len(as.names) >= subscription.MaxInterests {
		as.table, as.names = t, make(map[string]*audience)
	}
	as.names[namespace] = a
	return a
}

// audience is who observes one namespace: groups, of which each gets one copy. It never
// changes.
type audience struct{ groups [][]viewer }

// viewer is one instance that observes.
type viewer struct {
	attachment *attachment
	hash       uint64 // of its name
	wants      []*subscription.Subscription
}

func newAudience(t *table, namespace string) *audience {
	a := &audience{}
	place := make(map[*group]int)
	for _, c := range observersOf(t, namespace) {
		owner := c.Policy.owner
		if owner == nil {
			continue
		}
		at, ok := place[c.Group]
		if !ok {
			at = len(a.groups)
			place[c.Group] = at
			a.groups = append(a.groups, nil)
		}
		viewers := a.groups[at]
		i := slices.IndexFunc(viewers, func(v viewer) bool { return v.attachment == owner })
		if i < 0 {
			i = len(viewers)
			viewers = append(viewers, viewer{attachment: owner, hash: observe.Hash(owner.instance)})
		}
		viewers[i].wants = append(viewers[i].wants, c.Policy.Subscription)
		a.groups[at] = viewers
	}
	if len(a.groups) == 0 {
		return nil
	}
	return a
}

// observersOf are the claims that observe a namespace: all for the empty one, and for a
// pattern, to which an emit may go, all that have a namespace in common with it.
func observersOf(t *table, namespace string) []*claim {
	pattern := strings.HasSuffix(namespace, "*")
	if namespace != "" && !pattern {
		return t.View(namespace).AllObservers()
	}
	return slices.DeleteFunc(slices.Clone(t.Claims()), func(c *claim) bool {
		return c.Role != route.Observer ||
			pattern && c.Namespace != namespace && !route.Match(c.Namespace, namespace) && !route.Match(namespace, c.Namespace)
	})
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
				v.attachment.observe(o, sub)
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
		if wanted && v.attachment.current() != nil {
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
