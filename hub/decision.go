package hub

import (
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Acceptance is what comes with an accepted attempt. Its slices must not change afterwards. That of a browser which takes
// up its session leaves it as it was, with Rooms added, and Data and Policy replaced where they are given.
type Acceptance struct {
	// User is the user id: 1 to 256 bytes of valid UTF-8. Empty means none.
	User string
	// Rooms are joined before the first event. Not more than Limits.RoomsPerSocket.
	Rooms []string
	// Data is the socket's data: JSON. Nil means none and leaves the version at 0.
	Data []byte
	// Policy bounds what the browser may emit. Nil bounds nothing.
	Policy *Policy
	// OnlyRecovered lets nobody in anew: should the session that the attempt wants to take up have gone meanwhile, the
	// browser's connection is closed, so that it comes again.
	OnlyRecovered bool
	// Memo is kept with the session while its browser is away, and comes back as SessionRecovery.Memo. Nil leaves the one
	// of a session that is taken up. MemoBytes is what it takes, for Recovery.SessionBytes.
	Memo      any
	MemoBytes int64
	// Then runs after the CONNECT packet was queued and the rooms were joined, and before Connected.
	// What it sends with the batch leaves together with CONNECT. It must not block. It runs whenever
	// the decision was sent without an error.
	Then func(socket *Socket, batch *Batch)
}

// Decision is an answer to an attempt whose content was checked. It is a value: it can be copied, and is
// dropped when it is not sent. The zero Decision must not be sent.
type Decision struct {
	attempt    *socketio.Attempt
	accepts    bool
	acceptance socketio.Acceptance
	message    string
	data       []byte
}

// Send answers the attempt. Once an acceptance was sent without an error, Connected follows, and one day
// Disconnected.
//
// Errors: ErrGone, ErrAnswered.
func (d Decision) Send() error {
	if d.accepts {
		return outward(d.attempt.Accept(d.acceptance))
	}
	return outward(d.attempt.Deny(d.message, d.data))
}

// PrepareAccept checks an acceptance and changes nothing.
//
// Errors: *ArgumentError, *LimitError.
func (a *ConnectAttempt) PrepareAccept(acceptance Acceptance) (Decision, error) {
	if err := a.checks.acceptance(acceptance); err != nil {
		return Decision{}, err
	}
	inner := socketio.Acceptance{
		User: acceptance.User, Rooms: acceptance.Rooms, Data: acceptance.Data, Policy: acceptance.Policy.inner(),
		Memo: acceptance.Memo, MemoBytes: acceptance.MemoBytes, OnlyRecovered: acceptance.OnlyRecovered,
	}
	if then := acceptance.Then; then != nil {
		inner.Then = func(s *socketio.Socket, b *engineio.Batch) { then((*Socket)(s), (*Batch)(b)) }
	}
	return Decision{attempt: a.attempt, accepts: true, acceptance: inner}, nil
}

// PrepareDeny checks a refusal and changes nothing. Its browser gets a `connect_error`, which is final for
// its client. Data is JSON and may be nil.
//
// Errors: *ArgumentError, *LimitError.
func (a *ConnectAttempt) PrepareDeny(message string, data []byte) (Decision, error) {
	if !utf8.ValidString(message) {
		return Decision{}, wrong("message", "INVALID_UTF8", "is not UTF-8")
	}
	if most := a.checks.limits.DataBytes; len(message) > most {
		return Decision{}, a.checks.tooMuch("message", "data_bytes", "has %d bytes, %d are allowed", len(message), most)
	}
	if err := a.checks.data(data); err != nil {
		return Decision{}, err
	}
	return Decision{attempt: a.attempt, message: message, data: data}, nil
}

// Accept is PrepareAccept and Send in one.
//
// Errors: those of both. After an *ArgumentError or a *LimitError the attempt is still open.
func (a *ConnectAttempt) Accept(acceptance Acceptance) error {
	d, err := a.PrepareAccept(acceptance)
	if err != nil {
		return err
	}
	return d.Send()
}

// Deny is PrepareDeny and Send in one.
//
// Errors: those of both. After an *ArgumentError or a *LimitError the attempt is still open.
func (a *ConnectAttempt) Deny(message string, data []byte) error {
	d, err := a.PrepareDeny(message, data)
	if err != nil {
		return err
	}
	return d.Send()
}

// DenyUnknown refuses the browser as if Application.Knows had not known the namespace: its client is told
// `Invalid namespace`.
//
// Errors: ErrGone, ErrAnswered.
func (a *ConnectAttempt) DenyUnknown() error { return outward(a.attempt.DenyUnknown()) }
