package admin

import "time"

// Status is what a hub does at one moment. It is the JSON of /status; fields may
// be added, none changes its meaning.
type Status struct {
	// Version is the version of the hub.
	Version string `json:"version"`
	// HubID is the name of the process that services see.
	HubID string `json:"hub_id,omitempty"`
	// StartTime is when the process started.
	StartTime time.Time `json:"start_time"`
	// Ready is what /readyz says; NotReady why it says no.
	Ready    bool   `json:"ready"`
	NotReady string `json:"not_ready,omitempty"`
	// Browsers counts what browsers hold.
	Browsers Browsers `json:"browsers"`
	// Services are the groups that attached, by name.
	Services []Service `json:"services"`
	// Routes say which group receives what.
	Routes []Route `json:"routes"`
	// Parked is what waits for services, all together.
	Parked Parked `json:"parked"`
	// Cluster is what is known of other hubs. Absent for a hub that is alone.
	Cluster *Cluster `json:"cluster,omitempty"`
	// Missing says in words what is needed before browsers can work.
	Missing []string `json:"missing"`
}

// Browsers counts what browsers hold.
type Browsers struct {
	// Sessions are connected browsers, Attempts those whose connect is not decided.
	Sessions int `json:"sessions"`
	Attempts int `json:"attempts"`
	// Sockets counts the sockets of each namespace.
	Sockets map[string]int `json:"sockets"`
}

// Service is one group.
type Service struct {
	Name      string     `json:"name"`
	Instances []Instance `json:"instances"`
	// Unbound counts sockets that no instance holds.
	Unbound int    `json:"unbound"`
	Parked  Parked `json:"parked"`
	// Held counts sockets whose browser is not read until there is room for its events.
	Held int `json:"held"`
}

// Instance is one process of a service.
type Instance struct {
	ID      string `json:"id"`
	Version string `json:"version,omitempty"`
	// Attached is false for an instance that was lost and that is waited for.
	Attached   bool      `json:"attached"`
	AttachTime time.Time `json:"attach_time"`
	// SuspendTime is when its stream was lost; zero while it is attached.
	SuspendTime time.Time `json:"suspend_time,omitzero"`
	// Paused instances take no deliveries, draining ones give their sockets away.
	Paused   bool `json:"paused"`
	Draining bool `json:"draining"`
	// Weight is its share among the instances of the group.
	Weight uint32 `json:"weight"`
	// KeepsSockets says that it gives none to instances that attach later.
	KeepsSockets bool `json:"keeps_sockets,omitempty"`
	// Sockets counts those that are bound to it.
	Sockets int `json:"sockets"`
	// Deliveries and Bytes are unsettled, of at most the window's.
	Deliveries       uint32 `json:"deliveries"`
	WindowDeliveries uint32 `json:"window_deliveries"`
	Bytes            uint64 `json:"bytes"`
	WindowBytes      uint64 `json:"window_bytes"`
	// Attempts are connect attempts that it has to decide, of at most their window's.
	Attempts       uint32 `json:"attempts"`
	WindowAttempts uint32 `json:"window_attempts"`
	// OldestUnsettledSeconds is the age of the oldest delivery that it has not settled;
	// 0 when all are.
	OldestUnsettledSeconds float64 `json:"oldest_unsettled_seconds"`
}

// Route is one subscription.
type Route struct {
	Role      string   `json:"role"`
	Namespace string   `json:"namespace"`
	Events    []string `json:"events,omitempty"`
	Group     string   `json:"group"`
}

// Parked counts what waits.
type Parked struct {
	Events    int   `json:"events"`
	Bytes     int64 `json:"bytes"`
	Lifecycle int   `json:"lifecycle"`
}
