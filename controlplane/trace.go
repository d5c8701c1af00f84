package controlplane

import "time"

// Trace is told what happens inside the control plane. Each function may be nil,
// is called from many goroutines at the same time, sometimes with a lock held, and
// must neither block nor call back. Nothing that a browser typed is passed, but the
// name of a namespace that a service asked for; it is empty where it is not known.
type Trace struct {
	// StreamOpened: an instance of the group was welcomed.
	StreamOpened func(group string)
	// StreamClosed: its stream ended, with this gRPC code (`OK`, `Unavailable`, …).
	StreamClosed func(group, code string)
	// EnvelopeReceived: that many actions came.
	EnvelopeReceived func(actions int)
	// EnvelopeSent: that many items went, and the envelope waited so long for the service
	// to read; 0 when it did not wait.
	EnvelopeSent func(items int, blocked time.Duration)

	// Delivered: a delivery was handed to an instance; attempt is 1 on the first try.
	Delivered func(kind Kind, attempt uint32)
	// Settled: a group settled it that long after it was handed over.
	Settled func(group, namespace string, kind Kind, outcome Outcome, took time.Duration)
	// SettlementFailed: a settlement got an error with this code (`ABORTED`, …).
	SettlementFailed func(group, code string)
	// Dropped: a delivery will never be handed over again. The group is empty when
	// nobody handles it.
	Dropped func(group, namespace string, kind Kind, why Drop)
	// Revoked: an unsettled delivery was taken from its instance, for this reason
	// (`MOVED`, `TIMEOUT`, …).
	Revoked func(kind Kind, reason string)
	// Parked: that many more (or fewer) events and bytes wait for the group.
	Parked func(group string, events int, bytes int64)
	// Backlog: what the group does not keep up with. It is told once a second.
	Backlog func(group string, b Backlog)
	// WindowStalled: a delivery had to wait because its instance is full or paused.
	WindowStalled func(group string)
	// Moved: that many sockets left their instance for another.
	Moved func(sockets int)

	// Undecided: a connect attempt, or a try of one, ended without a decision.
	Undecided func(why Undecided)
	// DecisionCache: something became of an accept that was to be kept.
	DecisionCache func(what CacheEvent)
	// Command: a command was carried out, or refused with this code (`OK`, …).
	Command func(op, code string)
	// CommandBound: something was refused or left out at a bound of commands: `acks`,
	// `snapshots`, `replays`, …
	CommandBound func(bound string)
	// NoAuthorizer: a group handles a namespace for which nobody decides.
	NoAuthorizer func(group, namespace string)
	// AuthFailed: a call came without a token, or with a wrong one.
	AuthFailed func()
	// Slowed: a service was made to wait that long, for this reason.
	Slowed func(why Slowed, d time.Duration)
	// PanicRecovered: a panic was caught; the place is `stream` or `call`.
	PanicRecovered func(place string)
}

// Kind is the kind of a delivery.
type Kind string

// The kinds.
const (
	KindConnectAttempt Kind = "connect_attempt"
	KindConnected      Kind = "connected"
	KindEvent          Kind = "event"
	KindDisconnected   Kind = "disconnected"
	KindAuthExpiring   Kind = "auth_expiring"
	KindServiceCall    Kind = "service_call"
)

// Outcome says how a delivery was settled.
type Outcome string

// The outcomes.
const (
	OutcomeDone   Outcome = "done"
	OutcomeReply  Outcome = "reply"
	OutcomeAccept Outcome = "accept"
	OutcomeDeny   Outcome = "deny"
	OutcomeNack   Outcome = "nack"
	OutcomeRetry  Outcome = "retry"
)

// Drop says why a delivery was dropped.
type Drop string

// The causes.
const (
	// DropUnhandled: no group handles the event.
	DropUnhandled Drop = "unhandled"
	// DropSocketFull, DropGroupFull and DropNodeFull: too much is parked.
	DropSocketFull Drop = "socket_full"
	DropGroupFull  Drop = "group_full"
	DropNodeFull   Drop = "node_full"
	// DropExpired: parked for too long.
	DropExpired Drop = "expired"
	// DropLost: an at-most-once event was with an instance whose stream was lost.
	DropLost Drop = "lost"
	// DropTooLarge: it does not fit the envelopes that the instance takes.
	DropTooLarge Drop = "too_large"
	// DropNacked: the service gave it up.
	DropNacked Drop = "nacked"
	// DropLifecycle: too many lifecycle records wait for the group.
	DropLifecycle Drop = "lifecycle"
	// DropForgotten: the group was forgotten to make room for another.
	DropForgotten Drop = "forgotten"
	// DropTries: lost with its instance, or not settled in time, too often.
	DropTries Drop = "tries"
	// DropOldest: made room for a newer event of its socket.
	DropOldest Drop = "oldest"
	// DropNoService: no instance came for it; its browser, which was not read meanwhile,
	// is sent away.
	DropNoService Drop = "no_service"
)

// Undecided says why a connect attempt ended without a decision.
type Undecided string

// The causes.
const (
	// UndecidedNacked: the authorizer gave it up.
	UndecidedNacked Undecided = "nacked"
	// UndecidedGone: the browser left before the decision.
	UndecidedGone Undecided = "gone"
	// UndecidedShutdown: the control plane is closing.
	UndecidedShutdown Undecided = "shutdown"
)

// tracer calls the functions of a Trace that are there.
type tracer struct{ *Trace }

func (t tracer) streamOpened(group string) {
	if t.StreamOpened != nil {
		t.StreamOpened(group)
	}
}

func (t tracer) streamClosed(group, code string) {
	if t.StreamClosed != nil {
		t.StreamClosed(group, code)
	}
}

func (t tracer) envelopeReceived(actions int) {
	if t.EnvelopeReceived != nil {
		t.EnvelopeReceived(actions)
	}
}

func (t tracer) envelopeSent(items int, took time.Duration) {
	if t.EnvelopeSent == nil {
		return
	}
	if took < blockedFrom {
		took = 0
	}
	t.EnvelopeSent(items, took)
}

// blockedFrom is how long a Send takes at least to be called blocked: what is less
// is the work of sending.
const blockedFrom = time.Millisecond

func (t tracer) settled(group, namespace string, kind Kind, outcome Outcome, took time.Duration) {
	if t.Settled != nil {
		t.Settled(group, namespace, kind, outcome, took)
	}
}

func (t tracer) settlementFailed(group, code string) {
	if t.SettlementFailed != nil {
		t.SettlementFailed(group, code)
	}
}

func (t tracer) dropped(group, namespace string, kind Kind, why Drop) {
	if t.Dropped != nil {
		t.Dropped(group, namespace, kind, why)
	}
}

func (t tracer) backlog(group string, b Backlog) {
	if t.Backlog != nil {
		t.Backlog(group, b)
	}
}

func (t tracer) undecided(why Undecided) {
	if t.Undecided != nil {
		t.Undecided(why)
	}
}

func (t tracer) command(op, code string) {
	if t.Command != nil {
		t.Command(op, code)
	}
}

func (t tracer) commandBound(bound string) {
	if t.CommandBound != nil {
		t.CommandBound(bound)
	}
}

func (t tracer) noAuthorizer(group, namespace string) {
	if t.NoAuthorizer != nil {
		t.NoAuthorizer(group, namespace)
	}
}

func (t tracer) authFailed() {
	if t.AuthFailed != nil {
		t.AuthFailed()
	}
}

func (t tracer) slowed(why Slowed, d time.Duration) {
	if t.Slowed != nil {
		t.Slowed(why, d)
	}
}

func (t tracer) panicRecovered(place string) {
	if t.PanicRecovered != nil {
		t.PanicRecovered(place)
	}
}
