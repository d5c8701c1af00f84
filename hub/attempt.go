package hub

import (
	"errors"
	"time"

	"github.com/siohub/siohub/hub/internal/socketio"
)

// SessionRecovery is a session that a browser wants to take up.
type SessionRecovery struct {
	// User is its user. An Acceptance for another one refuses the recovery: the browser begins anew, with another id.
	User string
	// Rooms are the rooms that it is in, sorted.
	Rooms []string
	// DisconnectTime is when its connection was lost.
	DisconnectTime time.Time
	// MustAsk says that its connection was closed with DisconnectOptions.MayReturn, or told so while it was away: its
	// browser has to show again who it is.
	MustAsk bool
	// Memo is Acceptance.Memo.
	Memo any
}

// ConnectAttempt is a browser that wants to join a namespace. It wants exactly one answer: a Decision that
// was prepared, or Undecided, from any goroutine, also from inside Application.Connect. While it has none the
// browser waits: its connect timeout stands still. Its methods are safe for concurrent use.
type ConnectAttempt struct {
	// set at construction
	attempt *socketio.Attempt
	checks  *checks

	tag any // set inside Application.Connect
}

// Namespace is the namespace the browser wants to join.
func (a *ConnectAttempt) Namespace() string { return a.attempt.Namespace() }

// SocketID is the id that the socket will have. One that could have recovered and does not gets another one.
func (a *ConnectAttempt) SocketID() string { return a.attempt.SocketID() }

// Handshake is the request that opened the browser's session.
func (a *ConnectAttempt) Handshake() *Handshake { return (*Handshake)(a.attempt.Handshake()) }

// Recovery is the session that the browser wants to take up: an Acceptance brings it back, with what was missed. SocketID
// is the one that it had then. Nil for a browser that begins anew.
func (a *ConnectAttempt) Recovery() *SessionRecovery { return (*SessionRecovery)(a.attempt.Recovery()) }

// Auth is the client's `auth` value, a JSON object, as it arrived. Nil when it sent none, or when the
// browser has left before the answer. The bytes belong to the application. All attempts without an answer
// hold Limits.Undecided.Bytes at most: for what is more the application is asked later.
func (a *ConnectAttempt) Auth() []byte { return a.attempt.Auth() }

// Gone reports whether the browser has left meanwhile: an answer is of no use any more.
func (a *ConnectAttempt) Gone() bool { return a.attempt.Gone() }

// ClientID names the browser's connection, see Socket.ClientID.
func (a *ConnectAttempt) ClientID() string { return a.attempt.ClientID() }

// SetTag keeps a value of the application's with the attempt. It may be called inside Application.Connect
// only, before anybody else has the attempt.
func (a *ConnectAttempt) SetTag(tag any) { a.tag = tag }

// Tag is what SetTag kept. Nil before.
func (a *ConnectAttempt) Tag() any { return a.tag }

// Effect returns a channel that is closed once the decision that was sent has taken effect. Mostly that is so when Send
// returns. While another goroutine is at work with the browser's connection it is the one that carries the decision out,
// at its end, and until then nobody finds the socket. It is not to be waited for in a callback of the hub.
func (a *ConnectAttempt) Effect() <-chan struct{} {
	done := make(chan struct{})
	a.attempt.AfterAnswer(func() { close(done) })
	return done
}

// Undecided says aloud that nobody could decide: at a shutdown, or where the application would rather end the
// waiting. An attempt that is not answered waits as long as its browser does. The browser's connection is closed,
// whatever else it has joined, so that its client tries again by itself: a refusal would be final for it.
//
// Errors: ErrGone, ErrAnswered.
func (a *ConnectAttempt) Undecided() error { return outward(a.attempt.Undecided()) }

// outward is an error of the Socket.IO side in the hub's words.
func outward(err error) error {
	switch {
	case errors.Is(err, socketio.ErrGone):
		return ErrGone
	case errors.Is(err, socketio.ErrAnswered):
		return ErrAnswered
	}
	return err
}
