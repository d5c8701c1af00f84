package controlplane

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// observers give copies to those who have asked for them. They delay nobody: a copy is a
// few pointers in a ring of the attachment that gets it, and becomes a message when that
// has room to send it. All methods are safe for concurrent use, and may be called with
// locks held.
type observers struct {
	srv       *Server
	audiences audiences
}

func newObservers(s *Server) *observers { return &observers{srv: s} }

// audience is who observes a namespace; nil when nobody does. It costs nothing where there
// is no observer at all.
func (o *observers) audience(namespace string) *audience {
	t := o.srv.routes.table.Load()
	if !t.Observed() {
		return nil
	}
	return o.audiences.of(t, namespace)
}

// connected copies that a socket has joined.
func (o *observers) connected(so *socket) {
	if a := o.audience(so.hub.Namespace()); a != nil {
		a.give(&observation{kind: hubv1.Kind_KIND_CONNECTED, time: time.Now().UnixNano(), socket: so}, so.hub)
	}
}

// event copies what a browser has emitted.
func (o *observers) event(so *socket, e *hub.Event) {
	if a := o.audience(so.hub.Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_EVENT, time: e.ReceiveTime.UnixNano(), socket: so, name: e.Name, event: e,
		}, so.hub)
	}
}

// disconnected copies that a socket has left.
func (o *observers) disconnected(d *departure) {
	if a := o.audience(d.socket.hub.Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DISCONNECTED, time: d.time.UnixNano(), socket: d.socket, body: d,
		}, departed{d.socket.hub, d.Rooms})
	}
}

// departed is a socket that has left: its rooms are those that it was in.
type departed struct {
	*hub.Socket
	rooms []string
}

// Rooms implements observe.Subject.
func (d departed) Rooms() []string { return d.rooms }

// decidedBy says what was decided about an attempt, and by whom.
type decidedBy struct {
	outcome            trace.Outcome
	group, by, message string
	// What an accept has given to the socket.
	user  string
	rooms []string
}

// outcomeUndecided is the outcome of an attempt that nobody decided.
const outcomeUndecided trace.Outcome = "undecided"

// decided copies what became of a connect attempt.
func (o *observers) decided(c *connect, by decidedBy) {
	if a := o.audience(c.attempt.Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DECISIONS, time: time.Now().UnixNano(),
			body: &decision{connect: c, decidedBy: by},
		}, attempted{c.attempt, by})
	}
}

// attempted is a browser that wants to be a socket.
type attempted struct {
	*hub.ConnectAttempt
	by decidedBy
}

// ID implements observe.Subject.
func (a attempted) ID() string { return a.SocketID() }

// User implements observe.Subject.
func (a attempted) User() string { return a.by.user }

// Rooms implements observe.Subject.
func (a attempted) Rooms() []string { return a.by.rooms }

// emitted copies an emit of a service, as command.Config wants to be told of it.
func (o *observers) emitted(by *command.Caller, e *hubv1.Emit, outcome hub.Outcome) {
	a := o.audience(e.GetTarget().GetNamespace())
	if a == nil {
		return
	}
	a.give(&observation{
		kind: hubv1.Kind_KIND_EMITS, time: time.Now().UnixNano(), name: e.GetEvent(),
		body: &emission{emit: e, group: by.Group, outcome: outcome},
	}, nil)
}

// dropped copies that something will reach nobody. The event is empty where it was none,
// the group where it was for none.
func (o *observers) dropped(so *socket, event, group, why string) {
	o.drop(so, &loss{kind: hubv1.Kind_KIND_EVENT, event: event, group: group, why: why})
}

// undelivered copies that a group will not get a delivery of a socket.
func (o *observers) undelivered(so *socket, group string, d *dispatch.Delivery, why trace.Drop) {
	l := &loss{group: group, why: string(why)}
	switch d.Kind {
	case dispatch.Event:
		l.kind = hubv1.Kind_KIND_EVENT
		if e, ok := d.Body.(*hub.Event); ok {
			l.event = e.Name
		}
	case dispatch.Connected:
		l.kind = hubv1.Kind_KIND_CONNECTED
	case dispatch.Disconnected:
		l.kind = hubv1.Kind_KIND_DISCONNECTED
	default: // renewals are the authorizer's alone
		return
	}
	o.drop(so, l)
}

func (o *observers) drop(so *socket, l *loss) {
	if a := o.audience(so.hub.Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DROPS, time: time.Now().UnixNano(), socket: so, name: l.event, body: l,
		}, so.hub)
	}
}

// EventDropped implements hub.Watcher.
func (w *watching) EventDropped(hs *hub.Socket, event string, reason hub.DropReason) {
	if so, ok := hs.Tag().(*socket); ok {
		w.srv.observers.dropped(so, event, "", string(reason))
	}
}

// ConnectFailed implements hub.Watcher. What was denied or undecided is told as a
// decision.
func (w *watching) ConnectFailed(f hub.ConnectFailure) {
	switch f.Why {
	case hub.RefusedDenied, hub.RefusedUndecided:
		return
	}
	// One without a namespace concerns all who ask for failures.
	if a := w.srv.observers.audience(f.Namespace); a != nil {
		a.give(&observation{kind: hubv1.Kind_KIND_FAILED_CONNECTS, time: time.Now().UnixNano(), body: &failure{f}}, stranger(f.RemoteAddress))
	}
}

// stranger is a browser that has not come so far as to be a socket: its address.
type stranger string

// ID implements observe.Subject.
func (s stranger) ID() string { return string(s) }

// User implements observe.Subject.
func (stranger) User() string { return "" }

// Rooms implements observe.Subject.
func (stranger) Rooms() []string { return nil }

var (
	_ observe.Subject = (*hub.Socket)(nil)
	_ observe.Target  = (*hubv1.Target)(nil)
)
