package controlplane

import (
	"cmp"
	"slices"
	"strings"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// uniteLocked makes the group's claims those that its attachments have together: what
// any of them asks for comes to the group, and there to one that asked for it. While it
// has none the last union stays. The caller holds routes.mu.
func (r *routes) uniteLocked(g *group) {
	all := make([]*attachment, 0, len(g.attachments))
	for _, a := range g.attachments {
		all = append(all, a)
	}
	// The newest hello first: of equal patterns its claim is the one that counts.
	slices.SortFunc(all, func(a, b *attachment) int {
		return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.instance, b.instance))
	})
	r.claimLocked(g, unite(all))
	for _, a := range all {
		if lease := a.lease.Load(); lease != nil {
			lease.SetComplete(g.isComplete(a))
		}
	}
}

// unite returns the claims of attachments, the newest first, each once: a claim that
// several have is that of the newest. Observers keep theirs, for copies go to instances.
func unite(all []*attachment) []*claim {
	type place struct {
		role      route.Role
		namespace string
	}
	type pattern struct {
		place
		noEvents bool
		first    string // of its events: two of one hello that want events differ in it
	}
	var union []*claim
	policies := make(map[place]policy)
	kept := make(map[pattern][]*claim)
	for _, a := range all {
		for _, c := range a.claims {
			at := place{c.Role, c.Namespace}
			common, ok := policies[at]
			if !ok {
				common = c.Policy
			}
			common.anew, common.eager = common.anew || c.Policy.anew, common.eager || c.Policy.eager
			common.moved = common.moved || c.Policy.moved
			policies[at] = common
			p := pattern{at, c.NoEvents, strings.Join(c.Events[:min(len(c.Events), 1)], "")}
			same := func(k *claim) bool { return slices.Equal(k.Events, c.Events) }
			if c.Role != route.Observer && slices.ContainsFunc(kept[p], same) {
				continue
			}
			own := *c // those in force are read without a lock
			union = append(union, &own)
			kept[p] = append(kept[p], &own)
		}
	}
	for _, c := range union {
		common := policies[place{c.Role, c.Namespace}]
		c.Policy.anew, c.Policy.eager, c.Policy.moved, c.Policy.newest = common.anew, common.eager, common.moved, common.Subscription
	}
	return union
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
	return a.interests.Load().Covers(c.Namespace, c.Events, c.NoEvents)
}
