package hub

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/relay"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// bridge is the hub's Application as the Socket.IO side sees it. Sockets, batches and handshakes are the same
// values on both sides under another type; attempts and events are made anew.
type bridge struct {
	app    Application
	checks *checks
}

var _ socketio.Application = (*bridge)(nil)

func (b *bridge) Knows(namespace string) bool       { return b.app.Knows(namespace) }
func (b *bridge) Connected(socket *socketio.Socket) { b.app.Connected((*Socket)(socket)) }

func (b *bridge) Connect(attempt *socketio.Attempt) {
	outer := &ConnectAttempt{attempt: attempt, checks: b.checks}
	attempt.SetTag(outer)
	b.app.Connect(outer)
}

func (b *bridge) Event(socket *socketio.Socket, event socketio.Event) {
	b.app.Event(&Event{
		Socket:      (*Socket)(socket),
		Name:        event.Name,
		Args:        event.Args,
		Attachments: event.Attachments,
		WantsAck:    !event.ID.IsZero(),
		ReceiveTime: event.ReceiveTime,
		id:          event.ID,
		checks:      b.checks,
	})
}

func (b *bridge) Disconnected(socket *socketio.Socket, d socketio.Disconnect) {
	b.app.Disconnected((*Socket)(socket), Disconnect{
		Reason: Reason(d.Reason), CloseCode: d.CloseCode, Detail: d.Detail, Rooms: d.Rooms, RecoverableUntil: d.RecoverableUntil,
	})
}

// sockets passes on what the Socket.IO side traces.
func (t *Trace) sockets() *socketio.Trace {
	s := &socketio.Trace{
		SocketOpened:  t.SocketOpened,
		EventReceived: t.EventReceived,
		EventSent:     t.EventSent,
		AckReceived:   t.AckReceived,
		BadPacket:     t.BadPacket,
		EarlyPackets:  t.EarlyPackets,
		Panic:         t.Panic,
	}
	if f := t.ConnectRefused; f != nil {
		s.ConnectRefused = func(namespace, why string) { f(namespace, Refusal(why)) }
	}
	if f := t.SocketClosed; f != nil {
		s.SocketClosed = func(namespace, reason string) { f(namespace, Reason(reason)) }
	}
	if f := t.AcksDone; f != nil {
		s.AcksDone = func(namespace string, total socketio.AckTotal) { f(namespace, ackTotal(total)) }
	}
	if f := t.EventDropped; f != nil {
		s.EventDropped = func(socket *socketio.Socket, reason string) { f((*Socket)(socket), DropReason(reason)) }
	}
	if f := t.Recovery; f != nil {
		s.Recovery = func(outcome string) { f(RecoveryOutcome(outcome)) }
	}
	if f := t.LimitReached; f != nil {
		s.RecoveryFull = func(limit string) { f("recovery." + limit) }
		s.LimitReached = func(limit string) { f("limits." + limit) }
	}
	return s
}

// relay is what a hub's relay tells. The functions of it may be nil.
func (t *Trace) relay() *relay.Trace {
	r := &t.Requests.Relay
	n := &relay.Trace{Request: r.Request, WebSockets: r.WebSockets, Bytes: r.Bytes, LimitReached: t.LimitReached, Panic: t.Panic}
	if r.PassedOn != nil {
		n.PassedOn = func(kind string, result relay.Result) { r.PassedOn(kind, string(result)) }
	}
	if r.Refused != nil {
		n.Refused = func(why relay.Refusal) { r.Refused(string(why)) }
	}
	return n
}

// engine passes on what the Engine.IO side traces.
func (t *Trace) engine() *engineio.Trace {
	e := &engineio.Trace{
		HandshakeRefused:   t.Requests.HandshakeRefused,
		RequestRefused:     t.Requests.RequestRefused,
		ForwardedIgnored:   t.Requests.ForwardedIgnored,
		ProxyHeaderRefused: t.Requests.ProxyHeaderRefused,
		SessionOpened:      t.SessionOpened,
		Upgraded:           t.Upgraded,
		PacketReceived:     t.PacketReceived,
		PacketSent:         t.PacketSent,
		OutboxOverflow:     t.OutboxOverflow,
		LimitReached:       t.LimitReached,
		Panic:              t.Panic,
	}
	if f := t.SessionClosed; f != nil {
		e.SessionClosed = func(reason engineio.Reason) { f(Reason(reason)) }
	}
	return e
}
