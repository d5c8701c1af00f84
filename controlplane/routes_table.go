package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// claimLocked sets what a group claims. It is in force with the next installLocked.
func (r *routes) claimLocked(g *group, claims []*claim) {
	g.claims = claims
	r.changed = append(r.changed, g)
}

// claimsOf is what a group claims.
func (r *routes) claimsOf(g *group) []*claim {
	r.mu.Lock()
	defer r.mu.Unlock()
	return g.claims
}

// installLocked puts what has changed into the table, all at once. What the others claim costs nothing.
func (r *routes) installLocked() {
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
func (r *routes) yieldsLocked(g *group, now time.Time) bool {
	return len(g.attachments) == 0 && g.Absent(now) > r.srv.config.Parking.Routes
}

// yield lets others have what is held for a group once it has been away for long enough.
func (r *routes) yield(g *group, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !g.yields && len(g.claims) > 0 && r.yieldsLocked(g, now) {
		r.srv.log.Warn("a service is away: others get what they handle, too", "group", g.name, "option", "parking.routes",
			"help", "hub forget ends what is kept for a service that does not come back")
		r.claimLocked(g, g.claims)
		r.installLocked()
	}
}
