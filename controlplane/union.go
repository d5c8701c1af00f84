package controlplane

import (
	"cmp"
	"slices"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// uniteLocked makes the group's claims those that its attachments have together: what
// any of them asks for comes to the group, and there to one that asked for it. While it
// has none the last union stays. The caller holds routes.mu.
func (g *group) uniteLocked() {
	all := make([]*attachment, 0, len(g.attachments))
	for _, a := range g.attachments {
		all = append(all, a)
	}
	// The newest hello first: of equal patterns its claim is the one that counts.
	slices.SortFunc(all, func(a, b *attachment) int {
		return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.instance, b.instance))
	})
	var union []*claim
	for _, a := range all {
		for _, c := range a.claims {
			own := *c // those in force are read without a lock
			union = append(union, &own)
		}
	}
	type place struct {
		role      route.Role
		namespace string
	}
	first := make(map[place]*claim)
	for _, c := range union {
		at := place{c.Role, c.Namespace}
		f := first[at]
		if f == nil {
			first[at] = c
			continue
		}
		f.Policy.anew = f.Policy.anew || c.Policy.anew
		f.Policy.eager = f.Policy.eager || c.Policy.eager
	}
	for _, c := range union {
		f := first[place{c.Role, c.Namespace}]
		c.Policy.anew, c.Policy.eager, c.Policy.newest = f.Policy.anew, f.Policy.eager, f.Policy.subscription
	}
	g.claims = union
	for _, a := range all {
		if lease := a.lease.Load(); lease != nil {
			lease.SetComplete(g.isComplete(a))
		}
	}
}

// isComplete reports whether an attachment asks for all that the group asks for. The
// caller holds routes.mu.
func (g *group) isComplete(a *attachment) bool {
	for _, c := range g.claims {
		if c.Policy.owner != a && c.Role == route.Handler && !a.covers(c) {
			return false
		}
	}
	return true
}

// covers reports whether the attachment's own subscriptions have all patterns of a
// claim.
func (a *attachment) covers(c *claim) bool {
	v := a.interests.Load().table.View(c.Namespace)
	if c.NoEvents {
		return len(v.Handlers()) > 0
	}
	patterns := c.Events
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	return !slices.ContainsFunc(patterns, func(p string) bool { return v.Handler(p) == nil })
}
