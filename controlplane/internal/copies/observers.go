package copies

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Observers give copies to those who have asked for them. They delay nobody: a copy is a
// few pointers in a ring of the attachment that gets it, and becomes a message when that
// has room to send it. All methods are safe for concurrent use, and may be called with
// locks held.
type Observers struct {
	// Set at construction.
	hall  Hall
	hubID string

	audiences audiences
}

// NewObservers returns the observers of a hub.
func NewObservers(hall Hall, hubID string) *Observers { return &Observers{hall: hall, hubID: hubID} }

// audience is who observes a namespace; nil when nobody does. It costs nothing where there
// is no observer at all.
func (o *Observers) audience(namespace string) *audience {
	seats := o.hall.Seats()
	if seats == nil {
		return nil
	}
	return o.audiences.of(o.hall, seats, namespace)
}

// Connected copies that a socket has joined.
func (o *Observers) Connected(so Socket) {
	if a := o.audience(so.Hub().Namespace()); a != nil {
		a.give(&observation{kind: hubv1.Kind_KIND_CONNECTED, time: time.Now().UnixNano(), socket: so}, so.Hub())
	}
}

// Event copies what a browser has emitted.
func (o *Observers) Event(so Socket, e *hub.Event) {
	if a := o.audience(so.Hub().Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_EVENT, time: e.ReceiveTime.UnixNano(), socket: so, name: e.Name, event: e,
		}, so.Hub())
	}
}

// Disconnected copies that a socket has left.
func (o *Observers) Disconnected(so Socket, d Departure) {
	if a := o.audience(so.Hub().Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DISCONNECTED, time: d.LeftTime().UnixNano(), socket: so, body: departure{d},
		}, departed{so.Hub(), d.LeftRooms()})
	}
}

// departed is a socket that has left: its rooms are those that it was in.
type departed struct {
	*hub.Socket
	rooms []string
}

// Rooms implements observe.Subject.
func (d departed) Rooms() []string { return d.rooms }

// Decision says what was decided about an attempt, and by whom.
type Decision struct {
	Outcome trace.Outcome
	// Group and By are who has decided: `service`, `cache`, `token` or `hub`.
	Group, By string
	// Message is that of a deny.
	Message string
	// User and Rooms are what an accept has given to the socket.
	User  string
	Rooms []string
}

// OutcomeUndecided is the outcome of an attempt that nobody decided.
const OutcomeUndecided trace.Outcome = "undecided"

// Decided copies what became of a connect attempt.
func (o *Observers) Decided(attempt *hub.ConnectAttempt, by Decision) {
	if a := o.audience(attempt.Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DECISIONS, time: time.Now().UnixNano(),
			body: &decision{o.hubID, attempt, by},
		}, attempted{attempt, by})
	}
}

// attempted is a browser that wants to be a socket.
type attempted struct {
	*hub.ConnectAttempt
	by Decision
}

// ID implements observe.Subject.
func (a attempted) ID() string { return a.SocketID() }

// User implements observe.Subject.
func (a attempted) User() string { return a.by.User }

// Rooms implements observe.Subject.
func (a attempted) Rooms() []string { return a.by.Rooms }

// Emitted copies an emit of a service, as command.Config wants to be told of it.
func (o *Observers) Emitted(by *command.Caller, e *hubv1.Emit, outcome hub.Outcome) {
	a := o.audience(e.GetTarget().GetNamespace())
	if a == nil {
		return
	}
	a.give(&observation{
		kind: hubv1.Kind_KIND_EMITS, time: time.Now().UnixNano(), name: e.GetEvent(),
		body: &emission{emit: lasting(e), group: by.Group, outcome: outcome},
	}, nil)
}

// lasting is an emit whose messages are its own: those that came are used again.
func lasting(e *hubv1.Emit) *hubv1.Emit {
	e = shallow(e)
	if e.Target != nil {
		e.Target = shallow(e.Target)
	}
	if e.Payload != nil {
		e.Payload = shallow(e.Payload)
	}
	return e
}

// shallow is a message with the same fields.
func shallow[M proto.Message](m M) M {
	from := m.ProtoReflect()
	to := from.New()
	from.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		to.Set(field, value)
		return true
	})
	return to.Interface().(M)
}

// Dropped copies that something will reach nobody. The event is empty where it was none,
// the group where it was for none.
func (o *Observers) Dropped(so Socket, event, group, why string) {
	o.drop(so, &loss{kind: hubv1.Kind_KIND_EVENT, event: event, group: group, why: why})
}

// Undelivered copies that a group will not get a delivery of a socket.
func (o *Observers) Undelivered(so Socket, group string, d *dispatch.Delivery, why trace.Drop) {
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

func (o *Observers) drop(so Socket, l *loss) {
	if a := o.audience(so.Hub().Namespace()); a != nil {
		a.give(&observation{
			kind: hubv1.Kind_KIND_DROPS, time: time.Now().UnixNano(), socket: so, name: l.event, body: l,
		}, so.Hub())
	}
}

// Failed copies that a browser did not get in. What was denied or undecided is told as a
// decision.
func (o *Observers) Failed(f hub.ConnectFailure) {
	switch f.Why {
	case hub.RefusedDenied, hub.RefusedUndecided:
		return
	}
	// One without a namespace concerns all who ask for failures.
	if a := o.audience(f.Namespace); a != nil {
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
