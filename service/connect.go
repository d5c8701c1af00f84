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

// Accept lets a browser in. The zero value lets it in without user, rooms and
// data.
type Accept struct {
	// User is the user id, at most 128 bytes: all sockets of a user are reached by
	// Users. Empty means none.
	User string
	// Rooms are joined before anything else happens to the socket.
	Rooms []string
	// Data is the first `socket.data`, encoded as JSON: at most 64 KiB. Binary is not
	// possible here. Nil leaves it unset.
	Data any
}

// Connected says that a socket has joined. It is the first that this service
// hears of the socket, and every one is followed by a Disconnect.
type Connected struct {
	// Socket is the one that joined.
	Socket *Socket
	// Handshake is its opening request.
	Handshake *Handshake
	// ConnectTime is when it joined.
	ConnectTime time.Time
	// Late is true when it had joined before this service was introduced to it.
	Late bool
	// Rooms are those it is in, without its own and its user's.
	Rooms []string
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
	// `server namespace disconnect`.
	Reason string
	// CloseCode is the WebSocket close code that the browser caused: 1001 for a
	// closed tab, 1006 for a connection that broke. Zero when there was none.
	CloseCode int
	// Detail is for people. May be empty.
	Detail string
	// Rooms are those it was in, without its own and its user's.
	Rooms []string
	// DisconnectTime is when it left.
	DisconnectTime time.Time
	// Attempt is 1 on the first try.
	Attempt int
	// DedupeID is the same on each try: 16 bytes.
	DedupeID string
}
