package controlplane

import (
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// group is a service: all instances with the same group name.
type group struct {
	*dispatch.Group
	name    string
	trace   tracer
	roll    roll
	dropLog dropLog
	// debugging says whether debug lines are wanted.
	debugging func() bool
	// unsettled is the janitor's.
	unsettled unsettledWatch

	// drops counts what was dropped since the last notice, by cause.
	drops   [len(dropNames)]atomic.Uint64
	dropped atomic.Bool

	// Guarded by routes.mu.
	claims  []*claim
	streams map[string]*stream // by instance id
}

// policy is what a subscription asks for beside its patterns.
type policy struct {
	introduction hubv1.Introduction
	// anew and eager say how the group wants to be introduced in this namespace, all
	// its subscriptions there taken together.
	anew, eager        bool
	strict, atMostOnce bool
}

var kindNames = [...]Kind{
	dispatch.Connect: KindConnectAttempt, dispatch.Connected: KindConnected,
	dispatch.Event: KindEvent, dispatch.Disconnected: KindDisconnected,
	dispatch.AuthExpiring: "auth_expiring", dispatch.ServiceCall: "service_call",
}

var dropNames = [...]Drop{
	dispatch.SocketFull: DropSocketFull, dispatch.GroupFull: DropGroupFull, dispatch.NodeFull: DropNodeFull,
	dispatch.Expired: DropExpired, dispatch.Lost: DropLost, dispatch.TooLarge: DropTooLarge,
	dispatch.Nacked: DropNacked, dispatch.LifecycleLimit: DropLifecycle, dispatch.Forgotten: DropForgotten,
	dispatch.Tries: DropTries, dispatch.Oldest: DropOldest,
}

// Delivered implements dispatch.Observer.
func (g *group) Delivered(kind dispatch.Kind, attempt uint32) {
	if g.trace.Delivered != nil {
		g.trace.Delivered(kindNames[kind], attempt)
	}
}

// Dropped implements dispatch.Observer. Lifecycle has a notice of its own.
func (g *group) Dropped(d *dispatch.Delivery, why dispatch.Drop) {
	g.trace.dropped(g.name, subjectOf(d).namespace, kindNames[d.Kind], dropNames[why])
	if g.debugging() {
		g.dropLog.add(d, dropNames[why])
	}
	if why != dispatch.LifecycleLimit {
		g.drops[why].Add(1)
		g.dropped.Store(true)
	}
}

// Revoked implements dispatch.Observer.
func (g *group) Revoked(dispatch.Kind, dispatch.Reason) {}

// Parked implements dispatch.Observer.
func (g *group) Parked(events int, bytes int64) {
	if g.trace.Parked != nil {
		g.trace.Parked(g.name, events, bytes)
	}
}

// Stalled implements dispatch.Observer.
func (g *group) Stalled() {
	if g.trace.WindowStalled != nil {
		g.trace.WindowStalled(g.name)
	}
}

// Moved implements dispatch.Observer.
func (g *group) Moved(lanes int, _ dispatch.Reason) {
	if g.trace.Moved != nil {
		g.trace.Moved(lanes)
	}
}

// report tells an instance what became of deliveries that nobody got, and calls the
// roll if lifecycle was among them.
func (g *group) report(st *stream) {
	if g.dropped.Swap(false) {
		for why := range g.drops {
			if n := g.drops[why].Swap(0); n > 0 {
				st.out.notice(hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED, n, dropStatus(dropNames[why]))
			}
		}
	}
	if lost := g.TakeLost(); lost > 0 {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_LIFECYCLE_LOST, uint64(lost), dropStatus(DropLifecycle))
		g.Anew()
		st.srv.callRoll(g, true)
	}
}

// member of the group that is attached, or nil. The caller holds routes.mu.
func (g *group) anyStream() *stream {
	for _, st := range g.streams {
		return st
	}
	return nil
}

// stale reports whether other groups may have what this one holds.
func (g *group) stale(now time.Time, age time.Duration) bool { return g.Absent(now) > age }
