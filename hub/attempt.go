package hub

import (
	"errors"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// ConnectAttempt is a browser that wants to join a namespace. It wants exactly one answer: Accept, Deny
// or Undecided, from any goroutine, also from inside Application.Connect. Its methods may be called at
// the same time.
type ConnectAttempt socketio.Attempt

func (a *ConnectAttempt) inner() *socketio.Attempt { return (*socketio.Attempt)(a) }

// Acceptance is what comes with an accepted attempt.
type Acceptance struct {
	// User is the user id: the socket joins the reserved room `user:<id>`. At most 256 bytes less the
	// prefix. Empty means none.
	User string
	// Rooms are joined before the first event. Not more than Limits.RoomsPerSocket.
	Rooms []string
	// Data is the socket's data: JSON. Nil means none and leaves the version at 0.
	Data []byte
	// Then runs after the CONNECT packet was queued and the rooms were joined, and before Connected.
	// What it sends with the batch leaves together with CONNECT. It must not block. It runs whenever
	// Accept has returned nil.
	Then func(socket *Socket, batch *Batch)
}

// Namespace is the namespace the browser wants to join.
func (a *ConnectAttempt) Namespace() string { return a.inner().Namespace() }

// SocketID is the id that the socket will have.
func (a *ConnectAttempt) SocketID() string { return a.inner().SocketID() }

// Handshake is the request that opened the browser's session.
func (a *ConnectAttempt) Handshake() *Handshake { return (*Handshake)(a.inner().Handshake()) }

// Auth is the client's `auth` value, a JSON object, as it arrived. Nil when it sent none, or when the
// browser has left before the answer. The bytes belong to the application. All attempts without an answer
// hold 64 MiB at most: one that brings more is undecided, and the application does not hear of it.
func (a *ConnectAttempt) Auth() []byte { return a.inner().Auth() }

// Gone reports whether the browser has left meanwhile: an answer is of no use any more.
func (a *ConnectAttempt) Gone() bool { return a.inner().Gone() }

// Accept lets the browser in. Once it has returned nil, Connected follows, and one day Disconnected.
//
// Errors: ErrGone, ErrAnswered, *ArgumentError, *LimitError. After the last two the attempt is
// still open.
func (a *ConnectAttempt) Accept(acceptance Acceptance) error {
	checks := a.inner().Application().(*bridge).checks
	if err := checks.acceptance(acceptance); err != nil {
		return err
	}
	inner := socketio.Acceptance{User: acceptance.User, Rooms: acceptance.Rooms, Data: acceptance.Data}
	if then := acceptance.Then; then != nil {
		inner.Then = func(s *socketio.Socket, b *engineio.Batch) { then((*Socket)(s), (*Batch)(b)) }
	}
	return outward(a.inner().Accept(inner))
}

// Deny refuses the browser with a `connect_error`, which is final for its client. Data is JSON and may be
// nil.
//
// Errors: ErrGone, ErrAnswered, *ArgumentError, *LimitError. After the last two the attempt is
// still open.
func (a *ConnectAttempt) Deny(message string, data []byte) error {
	if err := a.CheckDeny(message, data); err != nil {
		return err
	}
	return outward(a.inner().Deny(message, data))
}

// CheckDeny tells what Deny would say about the content, and changes nothing.
//
// Errors: *ArgumentError, *LimitError.
func (a *ConnectAttempt) CheckDeny(message string, data []byte) error {
	checks := a.inner().Application().(*bridge).checks
	if !utf8.ValidString(message) {
		return wrong("message", "INVALID_UTF8", "is not UTF-8")
	}
	if len(message) > checks.limits.DataBytes {
		return checks.tooMuch("message", "data_bytes", "has %d bytes, %d are allowed", len(message), checks.limits.DataBytes)
	}
	return checks.data(data)
}

// Undecided says that nobody could decide. If the browser is in no other namespace its connection is
// closed, so that its client tries again by itself; otherwise it gets a `connect_error` whose
// data.code is UNAVAILABLE.
//
// Errors: ErrGone, ErrAnswered.
func (a *ConnectAttempt) Undecided() error { return outward(a.inner().Undecided()) }

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
