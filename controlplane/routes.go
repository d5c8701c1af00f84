package controlplane

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// routes are the groups and what they have claimed. Readers look at the table
// alone, which is replaced as a whole.
type routes struct {
	srv   *Server
	table atomic.Pointer[table]
	// known are the namespaces that were ever subscribed to.
	known atomic.Pointer[namespaces]

	mu     sync.Mutex // guards the fields below; taken before a group's
	groups map[string]*group
}

func newRoutes(s *Server) *routes {
	r := &routes{srv: s, groups: make(map[string]*group)}
	r.table.Store(route.New[*group, policy](nil))
	r.known.Store(&namespaces{})
	return r
}

// groupLocked returns the group of a name, made if it is not there.
func (r *routes) groupLocked(name string) (*group, error) {
	if g := r.groups[name]; g != nil {
		return g, nil
	}
	if len(r.groups) >= r.srv.config.Stream.MaxInstances && !r.forgetLocked(time.Now()) {
		return nil, errGroups
	}
	g := &group{name: name, trace: r.srv.trace, debugging: r.srv.debugging, streams: make(map[string]*stream)}
	g.Group = r.srv.node.NewGroup(name, g)
	r.groups[name] = g
	return g, nil
}

// forgetLocked forgets the group that has been absent for the longest time, if it
// is long enough.
func (r *routes) forgetLocked(now time.Time) bool {
	var oldest *group
	var longest time.Duration
	for _, g := range r.groups {
		if absent := g.Absent(now); len(g.streams) == 0 && absent > longest {
			oldest, longest = g, absent
		}
	}
	if oldest == nil || longest <= r.srv.config.Parking.Age {
		return false
	}
	oldest.claims = nil
	r.installLocked()
	oldest.Close()
	r.srv.trace.oldestUnsettled(oldest.name, 0)
	delete(r.groups, oldest.name)
	return true
}

// grantLocked decides which of a group's claims come into force: those that nobody
// else holds. What a group holds that has been absent for too long is taken from it.
// The result has nil for a claim, or who is in its way.
func (r *routes) grantLocked(g *group, wanted []*claim) (conflicts []*group) {
	now := time.Now()
	var others []*claim
	for _, other := range r.groups {
		if other != g {
			others = append(others, other.claims...)
		}
	}
	conflicts = make([]*group, len(wanted))
	taken := route.New(others)
	var granted []*claim
	for i, c := range wanted {
		if c == nil {
			continue
		}
		held := taken.Conflict(c)
		for held != nil && held.Group.stale(now, r.srv.config.Parking.Age) {
			others = r.takeLocked(held, c, others)
			taken = route.New(others)
			held = taken.Conflict(c)
		}
		if held != nil {
			conflicts[i] = held.Group
			continue
		}
		granted = append(granted, c)
	}
	g.claims = granted
	for _, c := range granted {
		for _, d := range granted {
			if c.Role == d.Role && c.Namespace == d.Namespace {
				c.Policy.anew = c.Policy.anew || d.Policy.introduction == hubv1.Introduction_INTRODUCTION_ON_ATTACH
				c.Policy.eager = c.Policy.eager || d.Policy.introduction != hubv1.Introduction_INTRODUCTION_ON_EVENT
			}
		}
	}
	r.installLocked()
	r.rememberLocked(granted)
	return conflicts
}

// takeLocked takes the patterns of a claim from the group that holds them.
func (r *routes) takeLocked(held, wanted *claim, others []*claim) []*claim {
	left := held.Without(wanted)
	g := held.Group
	g.claims = replace(g.claims, held, left)
	r.srv.log.Warn("route taken from an absent group", "group", g.name, "namespace", held.Namespace)
	return replace(others, held, left)
}

// replace puts a claim, or nothing, in the place of another one.
func replace(claims []*claim, old, by *claim) []*claim {
	var kept []*claim
	for _, c := range claims {
		switch {
		case c != old:
			kept = append(kept, c)
		case by != nil:
			kept = append(kept, by)
		}
	}
	return kept
}

// installLocked makes the claims of all groups the current table.
func (r *routes) installLocked() {
	var all []*claim
	for _, g := range r.groups {
		all = append(all, g.claims...)
	}
	slices.SortStableFunc(all, func(a, b *claim) int {
		if by := strings.Compare(a.Namespace, b.Namespace); by != 0 {
			return by
		}
		return strings.Compare(a.Group.name, b.Group.name)
	})
	r.table.Store(route.New(all))
}

// rememberLocked keeps namespaces existing once they were subscribed to.
func (r *routes) rememberLocked(granted []*claim) {
	patterns := make([]string, 0, len(granted))
	for _, c := range granted {
		patterns = append(patterns, c.Namespace)
	}
	r.known.Store(r.known.Load().with(patterns))
}

// leave takes a stream out of its group. A group without a claim is forgotten.
func (r *routes) leave(st *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := st.group
	if g.streams[st.instance] != st {
		return
	}
	delete(g.streams, st.instance)
	if len(g.streams) == 0 && len(g.claims) == 0 && g.Quiet() && r.groups[g.name] == g {
		g.Close()
		delete(r.groups, g.name)
	}
}

// each calls f with each group.
func (r *routes) each(f func(*group)) {
	r.mu.Lock()
	groups := make([]*group, 0, len(r.groups))
	for _, g := range r.groups {
		groups = append(groups, g)
	}
	r.mu.Unlock()
	for _, g := range groups {
		f(g)
	}
}
