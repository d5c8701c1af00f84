package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Kind is what an observation is.
type Kind int

// The kinds of observations.
const (
	// KindGap is an observation that tells of others that were left out, and of nothing
	// else.
	KindGap = Kind(hubv1.Kind_KIND_UNSPECIFIED)
	// KindConnected is a socket that joined.
	KindConnected = Kind(hubv1.Kind_KIND_CONNECTED)
	// KindEvent is an event of a browser.
	KindEvent = Kind(hubv1.Kind_KIND_EVENT)
	// KindDisconnected is a socket that left.
	KindDisconnected = Kind(hubv1.Kind_KIND_DISCONNECTED)
	// KindFailedConnects is a browser that was refused before anybody was asked.
	KindFailedConnects = Kind(hubv1.Kind_KIND_FAILED_CONNECTS)
	// KindDecisions is what was decided about a connect attempt.
	KindDecisions = Kind(hubv1.Kind_KIND_DECISIONS)
	// KindEmits is an emit of a service.
	KindEmits = Kind(hubv1.Kind_KIND_EMITS)
	// KindDrops is something that nobody will get.
	KindDrops = Kind(hubv1.Kind_KIND_DROPS)
)

// String is the kind's name in the contract, such as `KIND_EVENT`.
func (k Kind) String() string { return hubv1.Kind(k).String() }

// ObservationHandler gets copies of what happens, one at a time and in order. It delays
// nobody but itself: what it has no time for is left out, and the next one says how
// many those were (Observation.Gap).
type ObservationHandler func(ctx context.Context, o *Observation)

// Observation is a copy of something that happened. Which fields are set goes by Kind.
type Observation struct {
	// Kind says what it is.
	Kind Kind
	// Gap is how many observations of this process were left out before this one.
	Gap uint64
	// Time is when it happened.
	Time time.Time
	// Socket is whose it is. Nil where there is none: in an emit, and in a connect that
	// failed before it had one.
	Socket *Socket
	// Connected is there with KindConnected.
	Connected *Connected
	// Event is there with KindEvent and KindEmits.
	Event *ObservedEvent
	// Disconnect is there with KindDisconnected.
	Disconnect *Disconnect
	// Decision is there with KindDecisions.
	Decision *ObservedDecision
	// FailedConnect is there with KindFailedConnects.
	FailedConnect *ObservedFailure
	// Drop is there with KindDrops.
	Drop *ObservedDrop
}

// ObservedEvent is an event of a browser, or an emit of a service.
type ObservedEvent struct {
	// Name is the event's name.
	Name string
	// Args and Attachments are its arguments, with [ObservePayloads]; otherwise empty.
	Args        json.RawMessage
	Attachments [][]byte
	// WantsAck is true when an acknowledgement is waited for.
	WantsAck bool
	// Group is the service that emitted; empty for a browser's event, and for a caller
	// without a stream.
	Group string
	// Matched, Queued and Dropped are what came of an emit, see [Result].
	Matched, Queued, Dropped int
}

// ObservedDecision is what was decided about a connect attempt.
type ObservedDecision struct {
	// Outcome is `accept`, `deny` or `undecided`.
	Outcome string
	// Group is the service that decided, By is how: `service`, `cache`, `token`.
	Group, By string
	// Message is that of a deny, or why nobody decided.
	Message string
}

// ObservedFailure is a browser that was refused before anybody was asked.
type ObservedFailure struct {
	// Code is Engine.IO's (0 to 5), or -1.
	Code int
	// Reason is for programs, such as `origin`.
	Reason string
	// Origin, RemoteAddress and Namespace are the browser's, as far as they are known.
	Origin, RemoteAddress, Namespace string
}

// ObservedDrop is something that nobody will get.
type ObservedDrop struct {
	// Kind is what it was.
	Kind Kind
	// Reason is for programs.
	Reason string
	// Event and Group are whose it was, where it had some.
	Event, Group string
}

// observer is one Observe.
type observer struct {
	namespace string
	run       ObservationHandler
	asked     *hubv1.Subscription
	problem   error

	waiting, skipped atomic.Int64
}

// ObserveOption narrows or widens what an observer gets.
type ObserveOption func(s *hubv1.Subscription)

// ObserveKinds sets what is copied. The default is connected, event and disconnected.
func ObserveKinds(kinds ...Kind) ObserveOption {
	return func(s *hubv1.Subscription) {
		for _, k := range kinds {
			s.Kinds = append(s.Kinds, hubv1.Kind(k))
		}
	}
}

// ObserveEvents copies events of these names alone, or of prefixes followed by `*`.
func ObserveEvents(patterns ...string) ObserveOption {
	return func(s *hubv1.Subscription) { s.Events = append(s.Events, patterns...) }
}

// ObserveRooms copies what concerns sockets in these rooms alone, and emits to them.
func ObserveRooms(patterns ...string) ObserveOption {
	return func(s *hubv1.Subscription) { s.Rooms = append(s.Rooms, patterns...) }
}

// ObserveUsers copies what concerns sockets of these users alone.
func ObserveUsers(users ...string) ObserveOption {
	return func(s *hubv1.Subscription) { s.Users = append(s.Users, users...) }
}

// ObserveSockets copies what concerns these sockets alone.
func ObserveSockets(ids ...string) ObserveOption {
	return func(s *hubv1.Subscription) { s.Sockets = append(s.Sockets, ids...) }
}

// ObservePayloads adds arguments to copies of events and emits.
func ObservePayloads() ObserveOption { return func(s *hubv1.Subscription) { s.Payloads = true } }

// ObserveSample copies one in n events and emits.
func ObserveSample(n int) ObserveOption {
	return func(s *hubv1.Subscription) { s.Sample = uint32(max(n, 0)) }
}

// ObserveHandshake sets what [Connected.Handshake] has. The default is HandshakeNone.
func ObserveHandshake(detail HandshakeDetail) ObserveOption {
	return func(s *hubv1.Subscription) { s.Handshake = hubv1.HandshakeDetail(detail) }
}

// Observe gets copies of what happens in a namespace, or a pattern of namespaces, which
// may be another service's. Register it before Run.
func (s *Service) Observe(namespace string, h ObservationHandler, options ...ObserveOption) {
	o := &observer{namespace: namespace, run: h, asked: &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: namespace}}
	for _, option := range options {
		option(o.asked)
	}
	field := fmt.Sprintf("observer of %q", namespace)
	lists := [][]string{o.asked.Events, o.asked.Rooms, o.asked.Users, o.asked.Sockets}
	switch problem := wrongPattern(namespace); {
	case h == nil:
		o.problem = &ConfigError{Field: field, Problem: "the handler is nil"}
	case problem != "":
		o.problem = &ConfigError{Field: field, Problem: problem}
	case slices.ContainsFunc(lists, func(list []string) bool { return len(list) > maxEventsPerSubscr || !validStrings(list) }):
		o.problem = &ConfigError{Field: field, Problem: fmt.Sprintf("lists have at most %d entries of UTF-8", maxEventsPerSubscr)}
	}
	s.registry.observers = append(s.registry.observers, o)
}

func (o *observer) subscription() *hubv1.Subscription { return o.asked }

// observe hands a copy to its observer, unless that has too many already. What is left
// out here counts as what the hub left out.
func (a *attachment) observe(copied *hubv1.Observation) {
	sub := a.svc.registry.find(copied.GetSubscriptionId())
	if sub == nil || sub.observer == nil {
		return
	}
	o := sub.observer
	if o.waiting.Load() >= int64(a.svc.opts.Window.Observations) {
		o.skipped.Add(1 + int64(copied.GetGap()))
		return
	}
	o.waiting.Add(1)
	gap := copied.GetGap() + uint64(o.skipped.Swap(0))
	a.svc.lanes.Add(&work{
		Context: a.svc.life.base, svc: a.svc, key: fmt.Sprintf("\x00observer %d", copied.GetSubscriptionId()),
		sub: sub, socket: &Socket{svc: a.svc, s: copied.GetSocket()},
		task: func(ctx context.Context) error {
			o.waiting.Add(-1)
			o.run(ctx, newObservation(a.svc, copied, gap))
			return nil
		},
	})
}

func newObservation(s *Service, c *hubv1.Observation, gap uint64) *Observation {
	o := &Observation{Kind: Kind(c.GetKind()), Gap: gap, Time: c.GetTime().AsTime()}
	if c.GetSocket() != nil {
		o.Socket = &Socket{svc: s, s: c.GetSocket()}
	}
	w := &work{svc: s, socket: o.Socket}
	switch body := c.GetBody().(type) {
	case *hubv1.Observation_Connected:
		o.Connected = newConnected(w, body.Connected)
	case *hubv1.Observation_Disconnected:
		o.Disconnect = newDisconnect(w, body.Disconnected)
	case *hubv1.Observation_Event:
		p := body.Event.GetPayload()
		o.Event = &ObservedEvent{
			Name: body.Event.GetName(), Args: p.GetArgs(), Attachments: p.GetAttachments(), WantsAck: body.Event.GetWantsAck(),
		}
	case *hubv1.Observation_Emitted:
		e := body.Emitted
		p := e.GetEmit().GetPayload()
		o.Event = &ObservedEvent{
			Name: e.GetEmit().GetEvent(), Args: p.GetArgs(), Attachments: p.GetAttachments(), WantsAck: e.GetEmit().GetAck() != nil,
			Group: e.GetGroup(), Matched: int(e.GetMatchedCount()), Queued: int(e.GetQueuedCount()), Dropped: int(e.GetDroppedCount()),
		}
	case *hubv1.Observation_Decision:
		d := body.Decision
		o.Decision = &ObservedDecision{Outcome: d.GetOutcome(), Group: d.GetGroup(), By: d.GetBy(), Message: d.GetMessage()}
	case *hubv1.Observation_FailedConnect:
		f := body.FailedConnect
		o.FailedConnect = &ObservedFailure{
			Code: int(f.GetCode()), Reason: f.GetReason(), Origin: f.GetOrigin(),
			RemoteAddress: f.GetRemoteAddress(), Namespace: f.GetNamespace(),
		}
	case *hubv1.Observation_Dropped:
		d := body.Dropped
		o.Drop = &ObservedDrop{Kind: Kind(d.GetKind()), Reason: d.GetReason(), Event: d.GetEvent(), Group: d.GetGroup()}
	}
	return o
}
