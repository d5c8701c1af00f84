package socketio

import (
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// Attempt is a client that wants to join a namespace. Its methods may be called at the same time and from
// inside Application.Connect; exactly one of Accept, Deny and Undecided takes effect.
type Attempt struct {
	// set at construction
	client    *client
	namespace string
	id        string
	size      int64 // what it counts in admission
	share     *share

	// reserved is what is to be recovered, known before the application hears of the attempt. Nil: nothing.
	reserved *reservation

	tag any // the application's; set inside Application.Connect

	state atomic.Int32 // of the constants below; leaves stateOpen once
	auth  atomic.Pointer[[]byte]

	// early is what its client has sent for the namespace before the answer.
	early early
}

// The states of an attempt.
const (
	stateOpen int32 = iota
	stateAnswered
	stateGone
)

// Namespace is what the browser wants to join.
func (a *Attempt) Namespace() string { return a.namespace }

// SocketID is the id that the socket will have.
func (a *Attempt) SocketID() string { return a.id }

// Handshake is the request that opened the session.
func (a *Attempt) Handshake() *request.Handshake { return a.client.session.Handshake() }

// Auth is the CONNECT payload, nil when there was none or the browser has gone.
func (a *Attempt) Auth() []byte {
	if auth := a.auth.Load(); auth != nil {
		return *auth
	}
	return nil
}

// Gone reports whether the browser left before an answer.
func (a *Attempt) Gone() bool { return a.state.Load() == stateGone }

// ClientID names the client, see Socket.ClientID.
func (a *Attempt) ClientID() string { return a.client.name() }

// SetTag keeps a value of the application's, inside Application.Connect.
func (a *Attempt) SetTag(tag any) { a.tag = tag }

// Tag is what SetTag kept.
func (a *Attempt) Tag() any { return a.tag }

// Acceptance is what comes with an accepted attempt. The caller has checked it.
type Acceptance struct {
	User   string
	Rooms  []string
	Data   []byte
	Policy *Policy
	// Memo is kept with the session while its browser is away, see Recovery.Memo. It is dropped while recovery is off.
	// MemoBytes is what it takes.
	Memo      any
	MemoBytes int64
	// OnlyRecovered closes a client that cannot take up its session, instead of letting it in.
	OnlyRecovered bool
	// Then runs in the gate, after CONNECT was queued and the rooms were joined.
	Then func(*Socket, *engineio.Batch)
}

// answer is the one transition of an attempt; then runs in the gate.
func (a *Attempt) answer(then func()) error {
	if !a.state.CompareAndSwap(stateOpen, stateAnswered) {
		if a.Gone() {
			return ErrGone
		}
		return ErrAnswered
	}
	a.decided()
	a.client.post(then)
	return nil
}

// AfterAnswer runs f once an answer that was given has taken effect: at once, unless somebody else has the client's gate.
func (a *Attempt) AfterAnswer(f func()) { a.client.post(f) }

// decided gives back what an attempt without a decision takes.
func (a *Attempt) decided() { a.client.server.admission.leave(a.share, a.size) }

// abandon ends an attempt whose browser has gone: whoever still holds it need not hold its auth. It
// reports whether there was no answer yet.
func (a *Attempt) abandon() bool {
	if !a.state.CompareAndSwap(stateOpen, stateGone) {
		return false
	}
	a.auth.Store(nil)
	a.decided()
	return true
}

// Accept lets the browser in: CONNECT, rooms, Then, Connected, in this order.
func (a *Attempt) Accept(acceptance Acceptance) error {
	return a.answer(func() { a.accept(acceptance) })
}

// Deny refuses with CONNECT_ERROR. Data is JSON or nil.
func (a *Attempt) Deny(message string, data []byte) error {
	return a.answer(func() {
		defer a.client.server.lives.Done()
		a.deny(RefusedDenied, message, data)
	})
}

// DenyUnknown refuses as if the namespace did not exist.
func (a *Attempt) DenyUnknown() error {
	return a.answer(func() {
		defer a.client.server.lives.Done()
		a.deny(RefusedUnknown, unknownNamespace, nil)
	})
}

// Undecided closes the session, so that the browser's client tries again by itself: no refusal would let it.
func (a *Attempt) Undecided() error {
	return a.answer(func() {
		c := a.client
		defer c.server.lives.Done()
		a.early.drop(a, RefusedUndecided)
		a.reserved.end(RecoveryGone)
		c.server.refused(c, a.namespace, RefusedUndecided, "")
		if !c.over {
			c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "nobody could decide"})
		}
	})
}

// deny runs in the gate.
func (a *Attempt) deny(why, message string, data []byte) {
	c := a.client
	a.early.drop(a, why)
	a.reserved.end(RecoveryDenied)
	if c.over {
		c.server.refused(c, a.namespace, why, message)
		return
	}
	c.seats.remove(a.namespace)
	c.refuseConnect(a.namespace, why, message, data)
	c.answered()
}

// gone tells that the browser has left before the answer. In the gate.
func (a *Attempt) gone() {
	a.early.drop(a, EarlyGone)
	a.reserved.end(RecoveryGone)
	if watcher := a.client.server.watcher; watcher != nil {
		watcher.AttemptGone(a)
	}
	a.client.server.lives.Done()
}
