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
	ID       string
	Attached bool
	// Lost is when the stream was lost, if it is.
	Lost       time.Time
	Lanes      int
	Held, Size window.Size
}

// Status describes the group.
func (g *Group) Status() GroupStatus {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	s := GroupStatus{
		Waiting: g.pool.turns.len, Events: int(g.events.Load()),
		Lifecycle: int(g.lifecycle.Load()), Bytes: g.bytes.Used(),
	}
	for _, i := range g.members {
		i.mu.Lock()
		s.Instances = append(s.Instances, InstanceStatus{
			ID: i.id, Attached: i.lostAt.IsZero(), Lost: i.lostAt, Lanes: i.lanes.len,
			Held: i.window.Held(), Size: i.window.Size(),
		})
		i.mu.Unlock()
	}
	slices.SortFunc(s.Instances, func(a, b InstanceStatus) int { return strings.Compare(a.ID, b.ID) })
	return s
}

// Quiet reports whether nothing is parked and nothing unsettled at an instance.
func (g *Group) Quiet() bool {
	s := g.Status()
	quiet := s.Events == 0 && s.Lifecycle == 0 && s.Waiting == 0
	for _, i := range s.Instances {
		quiet = quiet && i.Held.Deliveries == 0
	}
	return quiet
}
