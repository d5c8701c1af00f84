package controlplane

import (
	"iter"
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// heldLocked returns a claim of another group that has one of the same patterns and that cannot be taken from it, or nil.
func (r *register) heldLocked(c *claim) *claim {
	now := time.Now()
	for held := range r.table.Load().Holders(c) { // of all groups no two have the same pattern
		if !r.losesLocked(held.Group, now) {
			return held
		}
	}
	return nil
}

// losesLocked reports whether a group has been absent for so long that others can take what it has claimed.
func (r *register) losesLocked(g *group, now time.Time) bool {
	return len(g.claims) > 0 && g.Absent(now) > r.after
}

// takeLocked takes from absent groups what another one has claimed.
func (r *register) takeLocked(claims []*claim) {
	absent := make(map[*group]struct{})
	now, t := time.Now(), r.table.Load()
	for _, c := range claims {
		for held := range t.Holders(c) {
			if r.losesLocked(held.Group, now) {
				absent[held.Group] = struct{}{}
			}
		}
	}
	if len(absent) == 0 {
		return
	}
	wanted := route.New(claims)
	for g := range absent {
		var left []*claim
		for _, c := range g.claims {
			if c = r.withoutLocked(c, wanted); c != nil {
				left = append(left, c)
			}
		}
		r.claimLocked(g, left)
	}
}

// withoutLocked is what is left of an absent group's claim beside those that another group has made, or nil.
func (r *register) withoutLocked(c *claim, wanted *table) *claim {
	for by := firstOf(wanted.Holders(c)); by != nil; by = firstOf(wanted.Holders(c)) {
		r.log.Warn("route taken from an absent group", "group", c.Group.name, "namespace", c.Namespace)
		if c = c.Without(by); c == nil {
			return nil
		}
	}
	return c
}

func firstOf(claims iter.Seq[*claim]) *claim {
	for c := range claims {
		return c
	}
	return nil
}
