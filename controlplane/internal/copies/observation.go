package copies

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

// observation is a copy that is made into an item when it is sent. The zero value is none.
type observation struct {
	kind   hubv1.Kind
	acked  bool // the event that it was made of wants an acknowledgement
	time   int64
	sub    *subscription.Subscription
	socket Socket // nil where there is none
	name   string // of an event
	event  *hub.Event
	body   body // of those that have more to say
}

// body is what an observation says beside its socket.
type body interface {
	describe(m *hubv1.Observation)
}

// Socket is a browser in a namespace, in the contract's words.
type Socket interface {
	// Hub is the hub's socket.
	Hub() *hub.Socket
	// Message is what is known of it by now, BareMessage the same without its data.
	Message() *hubv1.Socket
	BareMessage() *hubv1.Socket
	// Introduction says that it is there, as a subscription wants to know it.
	Introduction(sub *subscription.Subscription) *hubv1.Connected
}

// decision is the body of KIND_DECISIONS.
type decision struct {
	hubID   string
	attempt *hub.ConnectAttempt
	Decision
}

// departure is the body of KIND_DISCONNECTED.
type departure struct{ Departure }

// Departure is that a socket has left: its rooms, and what is said of that.
type Departure interface {
	LeftRooms() []string
	LeftTime() time.Time
	Message() *hubv1.Disconnected
}

// emission is the body of KIND_EMITS.
type emission struct {
	emit    *hubv1.Emit
	group   string
	outcome hub.Outcome
}

// loss is the body of KIND_DROPS.
type loss struct {
	kind              hubv1.Kind
	event, group, why string
}

// failure is the body of KIND_FAILED_CONNECTS.
type failure struct{ hub.ConnectFailure }

// trim lets go of what its subscription does not ask for, and returns how much the
// observation holds.
func (o *observation) trim() int {
	size := copyBytes + len(o.name)
	switch {
	case o.event != nil:
		o.acked = o.event.WantsAck
		if !o.sub.Payloads {
			o.event = nil
			return size
		}
		return size + payloadBytes(o.event.Args, o.event.Attachments)
	case o.kind == hubv1.Kind_KIND_EMITS:
		e := o.body.(*emission)
		if !o.sub.Payloads {
			e = e.bare()
			o.body = e
		}
		return size + e.bytes()
	}
	return size
}

func payloadBytes(args []byte, attachments [][]byte) int {
	size := len(args)
	for _, a := range attachments {
		size += len(a)
	}
	return size
}

// bare is the emission without what it carries.
func (e *emission) bare() *emission {
	from := e.emit
	return &emission{group: e.group, outcome: e.outcome, emit: &hubv1.Emit{
		Target: from.Target, Event: from.Event, Volatile: from.Volatile, NoCompress: from.NoCompress, Ack: from.Ack,
	}}
}

// bytes is about how much it holds.
func (e *emission) bytes() int {
	size := payloadBytes(e.emit.GetPayload().GetArgs(), e.emit.GetPayload().GetAttachments())
	t := e.emit.GetTarget()
	for _, names := range [][]string{
		t.GetSockets(), t.GetRooms(), t.GetUsers(), t.GetExceptSockets(), t.GetExceptRooms(), t.GetExceptUsers(),
	} {
		size += 16 * len(names)
		for _, name := range names {
			size += len(name)
		}
	}
	return size
}

// item makes the item. A gap without an observation is an item, too.
func (o *observation) item(gap uint64) *hubv1.Item {
	m := &hubv1.Observation{Gap: gap, Kind: o.kind}
	if o.sub != nil {
		m.SubscriptionId = o.sub.Id
		m.Time = timestamppb.New(time.Unix(0, o.time))
		m.Socket = o.socketMessage()
		o.describe(m)
	}
	return &hubv1.Item{Kind: &hubv1.Item_Observation{Observation: m}}
}

// socketMessage is the socket as it is by now; its data goes with payloads alone.
func (o *observation) socketMessage() *hubv1.Socket {
	switch {
	case o.socket == nil:
		return nil
	case o.sub.Payloads:
		return o.socket.Message()
	}
	return o.socket.BareMessage()
}

func (o *observation) describe(m *hubv1.Observation) {
	switch o.kind {
	case hubv1.Kind_KIND_CONNECTED:
		c := o.socket.Introduction(o.sub)
		c.Auth = nil
		m.Body = &hubv1.Observation_Connected{Connected: c}
	case hubv1.Kind_KIND_EVENT:
		e := &hubv1.Event{Name: o.name, WantsAck: o.acked, ReceiveTime: m.Time}
		if o.event != nil {
			e.Payload = &hubv1.Payload{Args: o.event.Args, Attachments: o.event.Attachments}
		}
		m.Body = &hubv1.Observation_Event{Event: e}
	}
	if o.body != nil {
		o.body.describe(m)
	}
}

func (d departure) describe(m *hubv1.Observation) {
	m.Body = &hubv1.Observation_Disconnected{Disconnected: d.Message()}
}

func (d *decision) describe(m *hubv1.Observation) {
	m.Socket = d.socket()
	m.Body = &hubv1.Observation_Decision{Decision: &hubv1.Decision{
		Outcome: string(d.Outcome), Group: d.Group, By: d.By, Message: contract.Readable(d.Message),
	}}
}

func (e *emission) describe(m *hubv1.Observation) {
	m.Body = &hubv1.Observation_Emitted{Emitted: &hubv1.Emitted{
		Emit: e.emit, Group: e.group, MatchedCount: uint32(e.outcome.Matched),
		QueuedCount: uint32(e.outcome.Queued), DroppedCount: uint32(e.outcome.Dropped),
	}}
}

func (l *loss) describe(m *hubv1.Observation) {
	m.Body = &hubv1.Observation_Dropped{Dropped: &hubv1.Dropped{Kind: l.kind, Reason: l.why, Event: l.event, Group: l.group}}
}

func (f *failure) describe(m *hubv1.Observation) {
	m.Body = &hubv1.Observation_FailedConnect{FailedConnect: f.message()}
}

// socket is what is known of the browser whose attempt it was.
func (d *decision) socket() *hubv1.Socket {
	a := d.attempt
	return &hubv1.Socket{
		Id: a.SocketID(), Namespace: a.Namespace(), User: d.User, HubId: d.hubID,
		Transport: a.Handshake().Transport(), ClientId: a.ClientID(),
	}
}

// handshakeErrors are the reasons of Engine.IO's error codes, for programs.
var handshakeErrors = [...]string{
	"unknown_transport", "unknown_sid", "bad_handshake_method", "bad_request", "forbidden", "unsupported_protocol_version",
}

func (f *failure) message() *hubv1.FailedConnect {
	return &hubv1.FailedConnect{
		Code: int32(f.Code), Reason: f.reason(), Origin: f.Origin, RemoteAddress: f.RemoteAddress, Namespace: f.Namespace,
	}
}

// forbiddenMessage is what a browser is told whose origin is not allowed; another refusal
// has its own words.
const forbiddenMessage = "Forbidden"

func (f *failure) reason() string {
	switch {
	case f.Why == hub.RefusedUnknown:
		return "unknown_namespace"
	case f.Why != hub.RefusedHandshake || f.Code < 0:
		return "limit"
	case handshakeErrors[f.Code] == "forbidden" && f.Message == forbiddenMessage && f.Origin != "":
		return "origin"
	}
	return handshakeErrors[f.Code]
}
