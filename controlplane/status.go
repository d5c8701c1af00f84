package controlplane

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/overview"
)

// Status describes the control plane at this moment.
func (s *Server) Status() overview.Status {
	out := overview.Status{HubID: s.hubID, Undecided: s.connects.len()}
	var claims []*claim
	s.routes.mu.Lock()
	for _, g := range s.routes.groups {
		gs := g.statusLocked()
		out.Groups = append(out.Groups, gs)
		out.Parked.Events += gs.Parked.Events
		out.Parked.Bytes += gs.Parked.Bytes
		out.Parked.Lifecycle += gs.Parked.Lifecycle
		claims = append(claims, g.claims...)
	}
	s.routes.mu.Unlock()
	slices.SortFunc(out.Groups, func(a, b overview.Group) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range claims {
		r := overview.Route{Role: c.Role.String(), Namespace: c.Namespace, Events: c.Events, Group: c.Group.name}
		if c.NoEvents {
			r.Events = nil
		}
		out.Routes = append(out.Routes, r)
	}
	slices.SortStableFunc(out.Routes, func(a, b overview.Route) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group))
	})

	out.Missing = s.missing(out)
	return out
}

// statusLocked describes a group. The caller holds routes.mu.
func (g *group) statusLocked() overview.Group {
	from := g.Status()
	to := overview.Group{
		Name: g.name, Unbound: from.Waiting,
		Parked: overview.Parked{Events: from.Events, Bytes: from.Bytes, Lifecycle: from.Lifecycle},
	}
	to.Held, _ = g.Held(time.Time{}, heldLong)
	for _, i := range from.Instances {
		is := overview.Instance{
			ID: i.ID, Attached: i.Attached, SuspendTime: i.Suspended, Sockets: i.Lanes,
			Paused: i.Paused, Draining: i.Draining, Weight: i.Weight, KeepsSockets: i.Keeps,
			Deliveries: i.Held.Deliveries, WindowDeliveries: i.Size.Deliveries,
			Bytes: i.Held.Bytes, WindowBytes: i.Size.Bytes,
			Attempts: i.AttemptsHeld.Deliveries, WindowAttempts: i.AttemptsSize.Deliveries,
			OldestUnsettled: i.Oldest,
		}
		if a := g.attachments[i.ID]; a != nil {
			is.Version, is.AttachTime = a.version, a.since
		}
		to.Instances = append(to.Instances, is)
	}
	return to
}

// missing says in words what browsers need and nobody gives.
func (s *Server) missing(now overview.Status) []string {
	var words []string
	wanted := slices.Clone(s.config.Namespaces)
	for _, r := range now.Routes {
		if r.Role == route.Handler.String() && !slices.Contains(wanted, r.Namespace) {
			wanted = append(wanted, r.Namespace)
		}
	}
	for _, namespace := range wanted {
		if !s.routes.authorized(namespace) {
			words = append(words, "no authorizer for "+namespace)
		}
	}
	for _, g := range now.Groups {
		if !slices.ContainsFunc(g.Instances, func(i overview.Instance) bool { return i.Attached }) {
			words = append(words, "no instance of "+g.Name+" is attached")
		}
	}
	if len(now.Groups) == 0 {
		words = append(words, "no service has attached yet")
	}
	return words
}
