package controlplane

import (
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/roll"
	"github.com/siohub/siohub/controlplane/trace"
)

// group is a service: all instances with the same group name.
type group struct {
	*dispatch.Group
	name     string
	trace    trace.Tracer
	roll     roll.Roll
	rollsAll atomic.Bool // the roll was called for all
	dropLog  dropLog
	// observers get copies of what is dropped.
	observers *copies.Observers
	// debugging says whether debug lines are wanted.
	debugging func() bool
	// backlog is the janitor's.
	backlog backlogWatch

	// drops counts what was dropped since the last notice, by cause.
	drops   [len(dropNames)]atomic.Uint64
	dropped atomic.Bool

	// Guarded by routes.mu.
	claims      []*claim               // the list is replaced as a whole: see register.claimLocked
	inTable     []*claim               // those in the table
	yields      bool                   // in the table its claims come after all others
	attachments map[string]*attachment // by instance id
}

func newGroup(s *Server, name string) *group {
	g := &group{
		name: name, trace: s.trace, debugging: s.debugging, attachments: make(map[string]*attachment),
		observers: s.observers,
	}
	g.Group = s.node.NewGroup(name, g)
	return g
}

var kindNames = [...]trace.Kind{
	dispatch.Connect: trace.KindConnectAttempt, dispatch.Connected: trace.KindConnected,
	dispatch.Event: trace.KindEvent, dispatch.Disconnected: trace.KindDisconnected,
	dispatch.AuthExpiring: trace.KindAuthExpiring, dispatch.ServiceCall: trace.KindServiceCall,
}

var dropNames = [...]trace.Drop{
	dispatch.SocketFull: trace.DropSocketFull, dispatch.GroupFull: trace.DropGroupFull, dispatch.NodeFull: trace.DropNodeFull,
	dispatch.Expired: trace.DropExpired, dispatch.Lost: trace.DropLost, dispatch.TooLarge: trace.DropTooLarge,
	dispatch.Nacked: trace.DropNacked, dispatch.LifecycleLimit: trace.DropLifecycle, dispatch.Forgotten: trace.DropForgotten,
	dispatch.Tries: trace.DropTries, dispatch.Oldest: trace.DropOldest, dispatch.NoService: trace.DropNoService,
	dispatch.Abandoned: trace.DropAbandoned,
}

// Delivered implements dispatch.Observer.
func (g *group) Delivered(kind dispatch.Kind, attempt uint32) {
	g.trace.Delivered(kindNames[kind], attempt)
}

// Dropped implements dispatch.Observer. Lifecycle has a notice of its own.
func (g *group) Dropped(d *dispatch.Delivery, why dispatch.Drop) {
	g.trace.Dropped(g.name, namespaceOf(d), kindNames[d.Kind], dropNames[why])
	if g.debugging() {
		g.dropLog.add(d, dropNames[why])
	}
	if so := socketOf(d); so != nil {
		g.observers.Undelivered(so, g.name, d, dropNames[why])
	}
	if why != dispatch.LifecycleLimit {
		g.drops[why].Add(1)
		g.dropped.Store(true)
	}
}

// Revoked implements dispatch.Observer.
func (g *group) Revoked(kind dispatch.Kind, why dispatch.Reason) {
	g.trace.Revoked(kindNames[kind], contract.RevokeReason(why))
}

// Parked implements dispatch.Observer.
func (g *group) Parked(events int, bytes int64) {
	g.trace.Parked(g.name, events, bytes)
}

// Stalled implements dispatch.Observer.
func (g *group) Stalled() {
	g.trace.WindowStalled(g.name)
}

// Moved implements dispatch.Observer.
func (g *group) Moved(lanes int, _ dispatch.Reason) {
	g.trace.Moved(lanes)
}

// report tells an instance what became of deliveries that nobody got, and introduces
// the live sockets anew if lifecycle was among them.
func (g *group) report(a *attachment) {
	if g.dropped.Swap(false) {
		for why := range g.drops {
			if n := g.drops[why].Swap(0); n > 0 {
				a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED, n, dropStatus(dropNames[why]))
			}
		}
	}
	if lost := g.TakeLost(); lost > 0 {
		a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_LIFECYCLE_LOST, uint64(lost), dropStatus(trace.DropLifecycle))
		g.Anew()
		a.srv.callRoll(g, rollAll)
	}
}
