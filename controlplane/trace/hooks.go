package trace

import "time"

// Hooks are told what happens inside the control plane. Each function may be nil,
// is called from many goroutines at the same time, sometimes with a lock held, and
// must neither block nor call back. Nothing that a browser typed is passed, but the
// name of a namespace that a service asked for; it is empty where it is not known.
type Hooks struct {
	// Stream is told of the streams of instances.
	Stream StreamHooks

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
	// PanicRecovered: a panic was caught; the place is `stream`, `call` or `background`.
	PanicRecovered func(place string)
}

// StreamHooks are told of the streams of instances, as Hooks are.
type StreamHooks struct {
	// Opened: an instance of the group was welcomed.
	Opened func(group string)
	// Closed: its stream ended, with this gRPC code (`OK`, `Unavailable`, …).
	Closed func(group, code string)
	// Received: an envelope came with that many actions.
	Received func(actions int)
	// Sent: an envelope went with that many items, and waited so long for the service
	// to read; 0 when it did not wait.
	Sent func(items int, blocked time.Duration)
}
