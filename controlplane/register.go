package controlplane

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// register is what groups have claimed. Readers look at the table alone, which never changes: another one takes its place.
// Its methods with Locked at the end are called with routes.mu held.
type register struct {
	// Set at construction.
	log   *slog.Logger
	after time.Duration // how long what an absent group has claimed is held for it

	table atomic.Pointer[table]
	// known are the namespaces that were ever subscribed to.
	known atomic.Pointer[route.Namespaces]
	// changed are the groups whose claims are to be put into the table. Guarded by routes.mu.
	changed []*group
}

// claimLocked sets what a group claims. It is in force with the next installLocked.
func (r *register) claimLocked(g *group, claims []*claim) {
	g.claims = claims
	r.changed = append(r.changed, g)
}

// installLocked puts what has changed into the table, all at once. What the others claim costs nothing.
func (r *register) installLocked() {
	t, now := r.table.Load(), time.Now()
	for _, g := range r.changed {
		was := tierOf(g)
		if g.yields = r.yieldsLocked(g, now); tierOf(g) == was {
			t = t.Replace(was, g.inTable, g.claims)
		} else {
			t = t.Replace(was, g.inTable, nil).Replace(tierOf(g), nil, g.claims)
		}
		g.inTable = g.claims
	}
	r.changed = nil
	r.table.Store(t)
}

// tierOf is where the claims of a group are in the table.
func tierOf(g *group) route.Tier {
	if g.yields {
		return route.Late
	}
	return route.Own
}

// yieldsLocked reports whether a group has been away for so long that what others handle,
// too, is no longer held for it.
func (r *register) yieldsLocked(g *group, now time.Time) bool {
	return len(g.attachments) == 0 && g.Absent(now) > r.after
}

// rememberLocked keeps namespaces existing once somebody has asked to decide about
// them, or to handle them. The `*` and `/*` of a handler make none: each mistyped
// namespace would wait for a decision that nobody gives.
func (r *register) rememberLocked(granted []*claim) {
	patterns := make([]string, 0, len(granted))
	for _, c := range granted {
		everything := c.Namespace == "*" || c.Namespace == "/*"
		if c.Role == route.Authorizer || c.Role == route.Handler && !everything {
			patterns = append(patterns, c.Namespace)
		}
	}
	r.known.Store(r.known.Load().With(patterns))
}

// forgetNamespacesLocked lets namespaces not exist any more.
func (r *register) forgetNamespacesLocked(namespaces []string) {
	r.known.Store(r.known.Load().Without(namespaces))
}
