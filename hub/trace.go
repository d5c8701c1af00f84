package hub

// Trace is told what happens inside the hub. Each function may be nil, is called from many goroutines
// at the same time, some of them with a lock held, and must neither block nor call the hub. Nothing that a browser
// typed is passed but where noted.
type Trace struct {
	// Requests are those that come to nothing, or are not believed.
	Requests RequestTrace
	// SessionOpened: a session was opened over "polling", "websocket" or "webtransport".
	SessionOpened func(transport string)
	// SessionClosed: a session ended.
	SessionClosed func(reason Reason)
	// Upgraded: an upgrade to another transport ended, well or not.
	Upgraded func(ok bool)
	// PacketReceived and PacketSent: an Engine.IO packet of that many bytes passed.
	PacketReceived, PacketSent func(bytes int)
	// OutboxOverflow: a browser was too slow and is being closed: it took nothing for 20 s (`no_progress`), less than
	// 4 KiB/s with more than 1 MiB waiting or not what TLS itself answers to it (`too_slow`), or more waits than
	// limits.outbox_bytes (`outbox_full`) or limits.outbox_total_bytes (`node_budget`) allows.
	OutboxOverflow func(reason string)

	// ConnectRefused: a browser was not let into a namespace. The namespace is known to the
	// application unless why is RefusedUnknown, when it is empty.
	ConnectRefused func(namespace string, why Refusal)
	// SocketOpened and SocketClosed: a socket joined and left a namespace.
	SocketOpened func(namespace string)
	SocketClosed func(namespace string, reason Reason)
	// EventReceived: a browser emitted; bytes counts arguments and attachments.
	EventReceived func(namespace string, bytes int)
	// EventSent: an emission was put into that many browsers' queues and dropped for others.
	EventSent func(namespace string, queued, dropped int)
	// AckReceived: a browser acknowledged; expected is false when nobody waited for it.
	AckReceived func(namespace string, expected bool)
	// AcksDone: an emission with acknowledgements ended.
	AcksDone func(namespace string, total AckTotal)
	// BadPacket: a browser sent what Socket.IO does not allow and is being closed. Kind is one of
	// "decode", "state", "parser" (a form of packets that Protocol.Parser does not have) and "timeout".
	BadPacket func(kind string)
	// EventDropped: a browser's event was dropped by its socket's Policy, before EventReceived. The socket may be
	// asked for its id, namespace and user.
	EventDropped func(socket *Socket, reason DropReason)
	// EarlyPackets: so many packets that a browser had sent to a namespace before it was let in were handled then
	// (`acted_on`), dropped with a Refusal, or lost because the browser has left (`gone`). `held` says that a browser
	// was read no further because of them, and that they count again.
	EarlyPackets func(outcome string, n int)
	// Recovery: what has become of a browser's wish to take up the session that it had.
	Recovery func(outcome RecoveryOutcome)
	// LimitReached: a limit of Limits or a bound of Recovery was reached; the name is its key, such as
	// `limits.rooms_per_socket`.
	LimitReached func(limit string)
	// PeerRefused: something that another server of the cluster sent was not carried out. Kind is `emit`, `rooms`,
	// `disconnect`, `data`, `server_side`, `question` or `signal`; why is the reason of an ArgumentError, the key of a limit,
	// or one of `INCOMPLETE`, `UNKNOWN`, `CROWDED` and `SHUTDOWN`.
	PeerRefused func(kind, why string)
	// Panic: something panicked. The browser that it was about, if it was about one, is closed. It must never be called.
	Panic func(value any)
}

// RequestTrace is told of requests, and of connections before there is one.
type RequestTrace struct {
	// HandshakeRefused: an Engine.IO request was refused with this code (0 to 5).
	HandshakeRefused func(code int)
	// RequestRefused: a request was refused without such a code, by its HTTP status.
	RequestRefused func(status int)
	// ForwardedIgnored: a handshake that does not come from one of Config.Proxies had headers such as X-Forwarded-For.
	ForwardedIgnored func()
	// ProxyHeaderRefused: a connection of ProxyListener was closed: its peer is `unlisted`, or its PROXY header is
	// `missing`, `malformed` or `late`.
	ProxyHeaderRefused func(why string)
	// Relay are those for sessions of other hubs.
	Relay RelayTrace
}

// RelayTrace is told of requests that one hub passes on to another. Nothing of it is called for a hub that is alone.
type RelayTrace struct {
	// Request: a browser has sent a request of a session, which is another hub's or this one's.
	Request func(elsewhere bool)
	// PassedOn: a request for a session of another hub has ended. kind is `get`, `post`, `websocket` or `other`, result `answered`
	// by the other hub, `unknown` (there is no such hub, or it is gone), `unreachable`, `busy` (a bound of Config.Relay) or
	// `gone` (the browser has left).
	PassedOn func(kind, result string)
	// WebSockets: so many more or fewer are relayed to other hubs. Bytes: so many passed there, in either direction.
	WebSockets, Bytes func(n int)
	// Refused: somebody came as another hub does and was not let in, for want of a `proof` or a `certificate`, as another hub was meant
	// (`target`), for a `request` that is none of a hub, or as nothing came in time (`late`).
	Refused func(why string)
}

// RecoveryOutcome says what has become of a browser's wish to take up the session that it had.
type RecoveryOutcome string

// The outcomes. With all but the first and the last its browser begins anew, if it is let in.
const (
	// RecoveryDone: it has its session.
	RecoveryDone RecoveryOutcome = "recovered"
	// RecoveryUnknown: no session with that private id is away. Its time is over, it was taken up, or never there.
	RecoveryUnknown RecoveryOutcome = "unknown"
	// RecoveryOffset: the offset is none of the session's.
	RecoveryOffset RecoveryOutcome = "offset"
	// RecoveryRooms: its rooms have changed more than 64 times since, so that what it has missed is not known.
	RecoveryRooms RecoveryOutcome = "rooms"
	// RecoveryGap: what was kept does not reach back so far, or is more than Limits.Outbox.Bytes.
	RecoveryGap RecoveryOutcome = "gap"
	// RecoveryUser: it was accepted as another user.
	RecoveryUser RecoveryOutcome = "user"
	// RecoveryMoved: it has come to another hub, to which this one has given its session.
	RecoveryMoved RecoveryOutcome = "moved"
	// RecoveryDenied: it was not let in.
	RecoveryDenied RecoveryOutcome = "denied"
	// RecoveryGone: it has left before it was let in, and may come again.
	RecoveryGone RecoveryOutcome = "gone"
)

// Refusal says why a browser was not let into a namespace.
type Refusal string

// The refusals.
const (
	RefusedUnknown   Refusal = "unknown"
	RefusedDenied    Refusal = "denied"
	RefusedUndecided Refusal = "undecided"
	RefusedLimit     Refusal = "limit"
	// RefusedHandshake is a browser that did not come so far. Only Watcher.ConnectFailed has it.
	RefusedHandshake Refusal = "handshake"
)
