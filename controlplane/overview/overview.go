package overview

import "time"

// Status is what `hub status` shows of the control plane.
type Status struct {
	// HubID is the name of this process that services see.
	HubID string
	// Groups are the services that ever attached and are not forgotten, by name.
	Groups []Group
	// Routes say who receives what, by namespace and pattern.
	Routes []Route
	// Parked is what waits for services, all groups together.
	Parked Parked
	// Undecided counts connect attempts without a decision.
	Undecided int
	// Missing says in words what is needed before browsers can work, such as
	// `no authorizer for /chat`.
	Missing []string
}

// Group describes one service.
type Group struct {
	Name string
	// Instances are those that are attached, and those that were lost a moment ago.
	Instances []Instance
	// Unbound counts sockets that no instance holds and for which something waits.
	Unbound int
	// Parked is what waits for this service.
	Parked Parked
	// Held counts the sockets whose browser is not read, because so much of it is parked.
	Held int
}

// Instance describes one process of a service.
type Instance struct {
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
	// KeepsSockets says that it gives none to instances that attach later.
	KeepsSockets bool
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

// Route describes one subscription that is in force.
type Route struct {
	// Role is `authorizer`, `handler` or `observer`.
	Role, Namespace string
	// Events are patterns; empty for an authorizer, and for a handler of lifecycle alone.
	Events []string
	Group  string
}

// Parked counts what waits: events with their bytes, and lifecycle records.
type Parked struct {
	Events    int
	Bytes     int64
	Lifecycle int
}
