package controlplane

import (
	"maps"
	"slices"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// Forget implements command.Groups: it ends what is remembered of a group that has no
// instance attached. Namespaces that only this group has asked for do not exist any
// more.
func (r *routes) Forget(name string) *fault.Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.groups[name]
	switch {
	case g == nil:
		return fault.At(fault.UnknownGroup, "group", "the hub does not know this group")
	case len(g.attachments) > 0:
		return fault.At(fault.GroupAttached, "group", "an instance of the group is attached")
	}
	own := make(map[string]bool)
	for _, c := range g.claims {
		own[c.Namespace] = true
	}
	r.forgetLocked(g)
	for _, other := range r.groups {
		for _, c := range other.claims {
			delete(own, c.Namespace)
		}
	}
	r.forgetNamespacesLocked(slices.Collect(maps.Keys(own)))
	return nil
}
