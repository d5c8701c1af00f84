package trace

import "time"

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
	// DropAbandoned: its browser has gone, and its service took nothing more of it for as
	// long as parking.age.
	DropAbandoned Drop = "abandoned"
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

// CacheEvent says what became of an accept that was to be kept.
type CacheEvent string

// What becomes of them.
const (
	// CacheKept: it is kept. CacheHit: it has decided another attempt.
	CacheKept CacheEvent = "kept"
	CacheHit  CacheEvent = "hit"
	// CacheExpired, CacheRevoked, CacheLeft, CacheReplaced and CacheEvicted: it ended,
	// with its time, by a revocation, with its group, by a newer one, to make room.
	CacheExpired  CacheEvent = "expired"
	CacheRevoked  CacheEvent = "revoked"
	CacheLeft     CacheEvent = "left"
	CacheReplaced CacheEvent = "replaced"
	CacheEvicted  CacheEvent = "evicted"
	// CacheRefused: it is not kept, because of a revocation or of a bound.
	CacheRefused CacheEvent = "refused"
)

// Slowed says why a service is made to wait.
type Slowed string

// The causes. None of them refuses anything, or ends a stream.
const (
	// SlowedFaults: more of what its stream says is at fault than 1000 a second: actions
	// that cannot be, settlements that nobody waits for, commands that fail.
	SlowedFaults Slowed = "faults"
	// SlowedHellos: its identity, or its address where nobody asks for identities, opens
	// more streams than 100 a second.
	SlowedHellos Slowed = "hellos"
	// SlowedTurns: others work, and it has used at least as much as they have.
	SlowedTurns Slowed = "turns"
	// SlowedPaced: it takes all it can, and others would wait too long for a processor.
	SlowedPaced Slowed = "paced"
	// SlowedEngine: what it sends goes to other hubs, and more than half of cluster.queue_bytes waits for the engine already.
	SlowedEngine Slowed = "engine"
	// SlowedAccept: it lets a browser in with whose connection the hub is at work for so long, and what it says next may be about it.
	SlowedAccept Slowed = "accept"
)

// Backlog is what a group does not keep up with.
type Backlog struct {
	// OldestUnsettled is the age of the oldest delivery that it has not settled; 0 when all
	// are.
	OldestUnsettled time.Duration
	// HeldSockets counts the sockets whose browser is not read, because as much is parked
	// for the group as may be. HeldLong are those of them that have become so for a minute,
	// with an instance attached, since the last time.
	HeldSockets, HeldLong int
	// Unisolated counts deliveries since the last time that were lost twice, and so went alone on their instance, or were
	// to: as that took longer than a minute it takes other work again.
	Unisolated int
}
