package controlplane

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// Status is what `hub status` shows of the control plane.
type Status struct {
	// HubID is the name of this process that services see.
	HubID string
	// Groups are the services that ever attached and are not forgotten, by name.
	Groups []GroupStatus
	// Routes say who receives what, by namespace and pattern.
	Routes []RouteStatus
	// Parked is what waits for services, all groups together.
	Parked ParkedStatus
	// Undecided counts connect attempts without a decision.
	Undecided int
	// Missing says in words what is needed before browsers can work, such as
	// `no authorizer for /chat`.
	Missing []string
}

// GroupStatus describes one service.
type GroupStatus struct {
	Name string
	// Instances are those that are attached, and those that were lost a moment ago.
	Instances []InstanceStatus
	// Unbound counts sockets that no instance holds and for which something waits.
	Unbound int
	// Parked is what waits for this service.
	Parked ParkedStatus
	// Held counts the sockets whose browser is not read, because so much of it is parked.
	Held int
}

// InstanceStatus describes one process of a service.
type InstanceStatus struct {
	ID, Version string
	// Attached is false for an instance whose stream was lost and that is waited for.
	Attached bool
	// AttachTime is when its stream said hello.
	AttachTime time.Time
	// SuspendTime is when its stream was lost; zero while it is attached.
	SuspendTime time.Time
	// Paused instances take no deliveries, draining ones no new work either: their
	// sockets go to other instances.
	Paused, Draining bool
	// Weight is its share of the sockets, beside the weights of the group's others.
	Weight uint32
	// Sockets counts those that are bound to it.
	Sockets int
	// Deliveries and Bytes are unsettled; WindowDeliveries and WindowBytes are the
	// most it takes.
	Deliveries, WindowDeliveries uint32
	Bytes, WindowBytes           uint64
	// Attempts are connect attempts without a decision, which have a window of their
	// own: WindowAttempts.
	Attempts, WindowAttempts uint32
	// OldestUnsettled is the age of the oldest delivery that it has not settled; 0 when
	// all are.
	OldestUnsettled time.Duration
}

// RouteStatus describes one subscription that is in force.
type RouteStatus struct {
	// Role is `authorizer`, `handler` or `observer`.
	Role, Namespace string
	// Events are patterns; empty for an authorizer, and for a handler of lifecycle alone.
	Events []string
	Group  string
}

// ParkedStatus counts what waits: events with their bytes, and lifecycle records.
type ParkedStatus struct {
	Events    int
	Bytes     int64
	Lifecycle int
}

// Status describes the control plane at this moment.
func (s *Server) Status() Status {
	out := Status{HubID: s.hubID, Undecided: s.connects.len()}
	s.routes.mu.Lock()
	for _, g := range s.routes.groups {
		gs := g.statusLocked()
		out.Groups = append(out.Groups, gs)
		out.Parked.Events += gs.Parked.Events
		out.Parked.Bytes += gs.Parked.Bytes
		out.Parked.Lifecycle += gs.Parked.Lifecycle
	}
	s.routes.mu.Unlock()
	slices.SortFunc(out.Groups, func(a, b GroupStatus) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range s.routes.table.Load().Claims() {
		r := RouteStatus{Role: c.Role.String(), Namespace: c.Namespace, Events: c.Events, Group: c.Group.name}
		if c.NoEvents {
			r.Events = nil
		}
		out.Routes = append(out.Routes, r)
	}
	slices.SortStableFunc(out.Routes, func(a, b RouteStatus) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group))
	})

	out.Missing = s.missing(out)
	return out
}

// statusLocked describes a group. The caller holds routes.mu.
func (g *group) statusLocked() GroupStatus {
	from := g.Status()
	to := GroupStatus{
		Name: g.name, Unbound: from.Waiting,
		Parked: ParkedStatus{Events: from.Events, Bytes: from.Bytes, Lifecycle: from.Lifecycle},
	}
	to.Held, _ = g.Held(time.Time{}, heldLong)
	for _, i := range from.Instances {
		is := InstanceStatus{
			ID: i.ID, Attached: i.Attached, SuspendTime: i.Suspended, Sockets: i.Lanes,
			Paused: i.Paused, Draining: i.Draining, Weight: i.Weight,
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
func (s *Server) missing(now Status) []string {
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
		if !slices.ContainsFunc(g.Instances, func(i InstanceStatus) bool { return i.Attached }) {
			words = append(words, "no instance of "+g.Name+" is attached")
		}
	}
	if len(now.Groups) == 0 {
		words = append(words, "no service has attached yet")
	}
	return words
}
