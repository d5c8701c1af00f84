package service

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// terms are the options of a namespace's subscriptions.
type terms struct {
	concurrent      bool
	strict          bool
	trackRooms      bool
	introduction    hubv1.Introduction
	handshake       HandshakeDetail
	socketData      SocketData
	overflow        Overflow
	settleTimeout   time.Duration
	decisionTimeout time.Duration
	disconnectGrace time.Duration
}

// NamespaceOption is an option of a namespace, see [Namespace.Set].
type NamespaceOption interface{ set(n *Namespace) }

type namespaceOption func(*Namespace)

func (o namespaceOption) set(n *Namespace) { o(n) }

// ConcurrentOption is an option of one handler, and of all handlers of a namespace.
type ConcurrentOption struct{}

func (ConcurrentOption) apply(h *handler) { h.concurrent = true }
func (ConcurrentOption) set(n *Namespace) { n.terms.concurrent = true }

// Concurrent lets a handler, or all event handlers of a namespace, run beside other
// handlers of the same socket. Events still start in order, and OnDisconnect still
// comes last.
func Concurrent() ConcurrentOption { return ConcurrentOption{} }

// Strict makes the hub hand over what comes next of a socket only once the one before
// is settled, OnConnected and OnDisconnect included. Handlers of one socket run one at
// a time in any case; what is won is that the order holds over Retry too, and what it
// costs is a round trip for each event.
func Strict() NamespaceOption { return namespaceOption(func(n *Namespace) { n.terms.strict = true }) }

// IntroduceOnAttach makes OnConnected run for every live socket when the first
// process of this service attaches: a restarted service learns who is there.
func IntroduceOnAttach() NamespaceOption {
	return introduce(hubv1.Introduction_INTRODUCTION_ON_ATTACH)
}

// IntroduceOnEvent makes OnConnected run before a socket's first event instead of
// when it joins; sockets that never say anything are not mentioned.
func IntroduceOnEvent() NamespaceOption {
	return introduce(hubv1.Introduction_INTRODUCTION_ON_EVENT)
}

// IntroduceOnInstance is IntroduceOnAttach for a service that keeps something for each
// socket in memory: OnConnected also runs on the process to which a socket moves
// (Connected.Moved), before anything else of the socket, and OnReleased on the one that
// it leaves.
func IntroduceOnInstance() NamespaceOption {
	return introduce(hubv1.Introduction_INTRODUCTION_ON_INSTANCE)
}

func introduce(how hubv1.Introduction) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.introduction = how })
}

// TrackRooms keeps the rooms of the namespace's sockets in this process, so that
// [Socket.Rooms] is true without asking. It includes IntroduceOnInstance, unless
// another introduction is set.
func TrackRooms() NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.trackRooms = true })
}

// HandshakeDetail says how much of a browser's opening request OnConnected gets.
// OnConnect always gets all.
type HandshakeDetail int

const (
	// HandshakeNone is nothing. The default.
	HandshakeNone = HandshakeDetail(hubv1.HandshakeDetail_HANDSHAKE_DETAIL_NONE)
	// HandshakeRedacted is all but the values of the headers Authorization, Cookie and
	// Proxy-Authorization, and of the query.
	HandshakeRedacted = HandshakeDetail(hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED)
	// HandshakeFull is all.
	HandshakeFull = HandshakeDetail(hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL)
)

// WithHandshake sets what [Connected.Handshake] has. The default is HandshakeNone.
func WithHandshake(detail HandshakeDetail) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.handshake = detail })
}

// SocketData says when deliveries carry `socket.data`.
type SocketData int

const (
	// DataAlways is with each delivery. The default.
	DataAlways = SocketData(hubv1.SocketData_SOCKET_DATA_ALWAYS)
	// DataOnChange is once, and again after each change; this process keeps it in
	// between. [Socket.Data] is the same as with DataAlways.
	DataOnChange = SocketData(hubv1.SocketData_SOCKET_DATA_ON_CHANGE)
	// DataNever leaves Socket.Data empty; [Socket.DataVersion] is there.
	DataNever = SocketData(hubv1.SocketData_SOCKET_DATA_NEVER)
)

// WithSocketData sets when deliveries carry `socket.data`: large data of a socket that
// says much costs more than its events.
func WithSocketData(when SocketData) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.socketData = when })
}

// Overflow says what happens to an event of a socket for which too many wait already
// (64, or 1 MiB, by default).
type Overflow int

const (
	// OverflowPause keeps it, and the hub reads no further from its browser until there
	// is room: nothing is dropped while an instance of the service is attached. The
	// default.
	OverflowPause = Overflow(hubv1.Overflow_OVERFLOW_PAUSE)
	// OverflowReject drops it; its browser gets no acknowledgement.
	OverflowReject = Overflow(hubv1.Overflow_OVERFLOW_REJECT)
	// OverflowDropOldest drops the oldest that waits in its place.
	OverflowDropOldest = Overflow(hubv1.Overflow_OVERFLOW_DROP_OLDEST)
	// OverflowDisconnect drops it and closes the browser's connection, so that its
	// client comes back with a clean state.
	OverflowDisconnect = Overflow(hubv1.Overflow_OVERFLOW_DISCONNECT)
)

// OnOverflow sets what happens when events come faster than they are dealt with. Those
// of the newest process of the service hold for all.
func OnOverflow(overflow Overflow) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.overflow = overflow })
}

// SettleTimeout takes a delivery back when its handler has not ended after this time,
// and gives it out again: 1 s to 1 h, to which the hub clamps it. The default is no
// limit: a handler may run for as long as its process lives.
func SettleTimeout(d time.Duration) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.settleTimeout = d })
}

// DecisionTimeout is how long OnConnect may take before another process is asked as
// well: 1 s to 1 min. The default is 5 s. The first decision counts.
func DecisionTimeout(d time.Duration) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.decisionTimeout = d })
}

// DisconnectGrace holds OnDisconnect, and OnUserAbsent, back for so long: a browser
// that comes back meanwhile with its state was never away. At most 5 minutes; the
// default is none.
func DisconnectGrace(d time.Duration) NamespaceOption {
	return namespaceOption(func(n *Namespace) { n.terms.disconnectGrace = d })
}
