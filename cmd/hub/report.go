package main

import (
	"github.com/siohub/siohub/cmd/hub/internal/admin"
	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/controlplane/overview"
	"github.com/siohub/siohub/hub"
)

// status describes the node for /status and /readyz.
func (n *node) status() admin.Status {
	stats := n.hub.Stats()
	control := n.control.Status()
	s := admin.Status{
		Version: hubVersion(), HubID: control.HubID, StartTime: n.startTime,
		Browsers: admin.Browsers{Sessions: stats.Sessions, Attempts: stats.Attempts, Sockets: stats.Sockets},
		Services: []admin.Service{}, Routes: []admin.Route{},
		Parked:  parked(control.Parked),
		Missing: append([]string{}, control.Missing...),
	}
	s.Cluster = clusterStatus(n.hub.Cluster())
	s.NotReady = n.whyNotReady()
	s.Ready = s.NotReady == ""
	if s.Browsers.Sockets == nil {
		s.Browsers.Sockets = map[string]int{}
	}
	for _, g := range control.Groups {
		s.Services = append(s.Services, serviceStatus(g))
	}
	for _, r := range control.Routes {
		s.Routes = append(s.Routes, admin.Route{Role: r.Role, Namespace: r.Namespace, Events: r.Events, Group: r.Group})
	}
	return s
}

// clusterStatus is what is known of the other hubs. Nil: this one is alone.
func clusterStatus(all *hub.Cluster) *admin.Cluster {
	if all.Alone() {
		return nil
	}
	is := all.Status()
	c := &admin.Cluster{
		Engine: is.Engine, Connected: is.Connected, Since: is.Since, Settled: is.Settled, LagSeconds: is.Lag.Seconds(), QueuedBytes: is.QueuedBytes,
		Servers: []admin.Server{},
	}
	for _, m := range all.Members() {
		said := controlplane.ReadDescription(m.Description)
		c.Servers = append(c.Servers, admin.Server{
			ID: m.ID, Foreign: m.Foreign, ControlAddress: m.Control, PeerAddress: m.Peer, Since: m.Since, Silent: m.Silent,
			Version: said.Version, Sockets: said.Sockets, Services: said.Groups,
		})
	}
	return c
}

// whyNotReady says why browsers and services had better not come, "" when they may.
func (n *node) whyNotReady() string {
	if why := n.notReady.Load(); why != nil {
		return *why
	}
	if n.front.full() {
		return "no file descriptor is left for browsers: raise the limit (ulimit -n, LimitNOFILE)"
	}
	return ""
}

func serviceStatus(g overview.Group) admin.Service {
	s := admin.Service{Name: g.Name, Instances: []admin.Instance{}, Unbound: g.Unbound, Parked: parked(g.Parked), Held: g.Held}
	for _, i := range g.Instances {
		s.Instances = append(s.Instances, admin.Instance{
			ID: i.ID, Version: i.Version, Attached: i.Attached, AttachTime: i.AttachTime, SuspendTime: i.SuspendTime,
			Paused: i.Paused, Draining: i.Draining, Weight: i.Weight, KeepsSockets: i.KeepsSockets, Sockets: i.Sockets,
			Deliveries: i.Deliveries, WindowDeliveries: i.WindowDeliveries, Bytes: i.Bytes, WindowBytes: i.WindowBytes,
			Attempts: i.Attempts, WindowAttempts: i.WindowAttempts, OldestUnsettledSeconds: i.OldestUnsettled.Seconds(),
		})
	}
	return s
}

func parked(p overview.Parked) admin.Parked {
	return admin.Parked{Events: p.Events, Bytes: p.Bytes, Lifecycle: p.Lifecycle}
}
