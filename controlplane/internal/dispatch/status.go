package dispatch

import (
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

// GroupStatus describes a group at one moment.
type GroupStatus struct {
	Instances []InstanceStatus // by id
	// Waiting counts lanes of the pool with something parked.
	Waiting           int
	Events, Lifecycle int
	Bytes             int64
}

// InstanceStatus describes an instance at one moment.
type InstanceStatus struct {
	ID string
	// Attached says that it has a stream. One that has none is suspended.
	Attached bool
	// Suspended is when its stream was lost; zero while it is attached.
	Suspended                  time.Time
	Paused, Draining, Complete bool
	// Weight is its share of the sockets.
	Weight uint32
	// Keeps says that it gives none of its sockets to instances that come.
	Keeps bool
	// Lanes are bound to it; Waiting are those of them that wait for room.
	Lanes, Waiting int
	// Held is unsettled, of sockets and of solo lanes; Size is the most of it.
	Held, Size                 window.Size
	AttemptsHeld, AttemptsSize window.Size
	// Oldest is the age of the oldest unsettled delivery; zero if there is none.
	Oldest time.Duration
}

// Status describes the group.
func (g *Group) Status() GroupStatus {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	p := &g.pool
	s := GroupStatus{
		Waiting: p.standing() + p.stuck.len, Events: int(g.events.Load()),
		Lifecycle: int(g.lifecycle.Load()), Bytes: g.bytes.Used(),
	}
	t := now()
	for _, i := range g.members {
		s.Instances = append(s.Instances, i.status(t))
	}
	slices.SortFunc(s.Instances, func(a, b InstanceStatus) int { return strings.Compare(a.ID, b.ID) })
	return s
}

// status describes the instance. The caller holds pool.mu.
func (i *Instance) status(t instant) InstanceStatus {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := InstanceStatus{
		ID: i.id, Attached: i.current != nil, Suspended: i.lostAt,
		Paused: i.paused, Draining: i.draining, Complete: i.complete, Weight: i.weight, Keeps: i.keeps,
		Lanes: i.lanes.len, Waiting: i.standing(),
		Held: i.windows[sockets].Held(), Size: i.windows[sockets].Size(),
		AttemptsHeld: i.windows[solos].Held(), AttemptsSize: i.windows[solos].Size(),
	}
	if d, ok := i.ledger.Oldest(); ok {
		s.Oldest = max(t.since(d.handed), 1)
	}
	return s
}

// Quiet reports whether nothing is parked, and nothing waits or is unsettled at an instance.
func (g *Group) Quiet() bool {
	s := g.Status()
	quiet := s.Events == 0 && s.Lifecycle == 0 && s.Waiting == 0
	for _, i := range s.Instances {
		quiet = quiet && i.Waiting == 0 && i.Held.Deliveries == 0 && i.AttemptsHeld.Deliveries == 0
	}
	return quiet
}
