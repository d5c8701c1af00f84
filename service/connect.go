package service

import (
	"context"
	"encoding/json"
	"time"
)

// ConnectHandler decides whether a browser gets in. An Accept lets it in; Deny
// refuses it for good; any other error leaves it undecided: the hub keeps the
// browser out, and its client comes back by itself.
type ConnectHandler func(ctx context.Context, c *ConnectAttempt) (Accept, error)

// ConnectedHandler hears that a socket has joined.
type ConnectedHandler func(ctx context.Context, c *Connected) error

// DisconnectHandler hears that a socket has left.
type DisconnectHandler func(ctx context.Context, d *Disconnect) error

// ConnectAttempt is a browser that wants to join a namespace. It belongs to one
// call of the handler.
type ConnectAttempt struct {
	// Namespace is what it wants to join.
	Namespace string
	// SocketID is the id it will have.
	SocketID string
	// Handshake is its opening request.
	Handshake *Handshake
	// Auth is the client's `auth` value, a JSON object; empty when it sent none.
	Auth json.RawMessage
	// ClientID names the browser's connection, see [Socket.ClientID].
	ClientID string
	// Recovery is the session that the browser wants to take up; SocketID is its id
	// then. Nil for a browser that begins anew.
	Recovery *Recovery
	// Attempt is 1 on the first try.
	Attempt int

	greetings []greeting
}

type greeting struct {
	event string
	args  []any
}

// Emit makes the browser receive an event right after it got in, before anything
// else. Nothing is sent when it does not get in, and an argument that cannot be
// encoded leaves the attempt undecided. For one handler call; not for several
// goroutines.
func (c *ConnectAttempt) Emit(event string, args ...any) {
	c.greetings = append(c.greetings, greeting{event, args})
}

// BindAuth decodes Auth into the value that dst points to; without auth it is left
// alone. The error is a *BindError.
func (c *ConnectAttempt) BindAuth(dst any) error { return bindValue(c.Auth, dst) }

// Recovery is a session that a browser wants to take up. An Accept for another user
// refuses it.
type Recovery struct {
	// User is the user id that the session had.
	User string
	// Rooms are those that it was in. Rooms of the Accept are added.
	Rooms []string
	// DisconnectTime is when it was lost.
	DisconnectTime time.Time
}

// AuthExpiringHandler decides whether a socket may stay. An Accept renews by its
// Expires, RefreshBefore, Data and Policy, and may set nothing else; Deny ends the
// browser's connection. Without an answer it ends when it expires.
type AuthExpiringHandler func(ctx context.Context, a *AuthExpiring) (Accept, error)

// AuthExpiring is a socket whose authorization is about to end.
type AuthExpiring struct {
	// Socket is the one.
	Socket *Socket
	// ExpireTime is when it ends.
	ExpireTime time.Time
	// Attempt is 1 on the first try.
	Attempt int
}

// EdgePolicy is what a browser may send; the hub enforces it. An event beyond it is
// dropped before anybody is asked, without an acknowledgement.
type EdgePolicy struct {
	// Events are those that it may emit: exact names, or a prefix followed by `*`; at
	// most 256. Empty means all.
	Events []string
	// EventsPerSecond is how many on average. Zero means no limit.
	EventsPerSecond int
	// Burst is how many may come at once. Zero means EventsPerSecond.
	Burst int
	// BytesPerSecond bounds their bytes. Zero means no limit.
	BytesPerSecond int
}

// DecisionCache lets the hub decide by itself in the same way: for another attempt in
// the namespace with the same `auth` and the same values of the headers. What is said
// beside the Accept (ConnectAttempt.Emit) is not repeated.
type DecisionCache struct {
	// Headers are all headers that the decision looked at, such as `Cookie`; at most 16.
	Headers []string
	// MaxAge is for how long: more than zero, at most 1 h, never beyond
	// Accept.Expires.
	MaxAge time.Duration
}

// Accept lets a browser in. The zero value lets it in without user, rooms and
// data, for as long as it stays.
type Accept struct {
	// User is the user id, at most 256 bytes: all sockets of a user are reached by
	// Users. Empty means none.
	User string
	// Rooms are joined before anything else happens to the socket.
	Rooms []string
	// Data is the first `socket.data`, encoded as JSON: at most 64 KiB. Binary is not
	// possible here. Nil leaves it unset.
	Data any
	// Expires is when the authorization ends: the browser's connection is closed then,
	// and its client returns with what it has by then. Zero means never.
	Expires time.Time
	// RefreshBefore is how long before Expires OnAuthExpiring is asked. Zero means that
	// nobody is asked.
	RefreshBefore time.Duration
	// Policy is what the browser may send. Nil means everything.
	Policy *EdgePolicy
	// KeepAuth keeps `auth` for as long as the socket lives: it comes in
	// Connected.Auth.
	KeepAuth bool
	// Cache lets the hub decide so by itself the next time. Nil means that it asks.
	Cache *DecisionCache
}

// Connected says that a socket has joined. It is the first that this service
// hears of the socket, and every one is followed by a Disconnect, to this process or to
// another one of the service. One that is told again has the same DedupeID.
type Connected struct {
	// Socket is the one that joined.
	Socket *Socket
	// Handshake is its opening request, as far as [WithHandshake] asks for it: by
	// default it is empty.
	Handshake *Handshake
	// Auth is the client's `auth`, where the Accept had KeepAuth.
	Auth json.RawMessage
	// ConnectTime is when it joined.
	ConnectTime time.Time
	// Late is true when it had joined before this service was introduced to it.
	Late bool
	// Recovered is true when the browser took up its session: id, rooms and data are as
	// they were before its Disconnect.
	Recovered bool
	// Moved is true when the socket came from another process of this service.
	Moved bool
	// Rooms are those it is in, without its own, sorted. RoomsLeftOut counts those that
	// did not fit the hub's message.
	Rooms        []string
	RoomsLeftOut int
	// Attempt is 1 on the first try.
	Attempt int
	// DedupeID is the same on each try: 16 bytes.
	DedupeID string
}

// Disconnect says that a socket has left. It is the last that this service hears
// of it.
type Disconnect struct {
	// Socket is the one that left; commands to it reach nobody.
	Socket *Socket
	// Reason is one of Socket.IO's server-side reasons: `transport close`,
	// `transport error`, `ping timeout`, `parse error`, `forced close`,
	// `forced server close`, `server shutting down`, `client namespace disconnect`,
	// `server namespace disconnect`. Or `hub lost`: the hub that held the socket is not
	// there any more, and this process says so in its place.
	Reason string
	// CloseCode is the WebSocket close code that the browser caused: 1001 for a
	// closed tab, 1006 for a connection that broke. Zero when there was none.
	CloseCode int
	// Detail is for people. May be empty.
	Detail string
	// Rooms are those it was in, without its own, sorted. RoomsLeftOut counts those that
	// did not fit the hub's message.
	Rooms        []string
	RoomsLeftOut int
	// DisconnectTime is when it left.
	DisconnectTime time.Time
	// RecoverableUntil is until when the browser may take its session up again. Zero
	// when it cannot.
	RecoverableUntil time.Time
	// Attempt is 1 on the first try.
	Attempt int
	// DedupeID is the same on each try: 16 bytes.
	DedupeID string
}
