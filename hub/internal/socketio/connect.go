package socketio

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// connect begins an attempt. The namespace is reserved at once, so that a second CONNECT can never make
// a second socket.
//
// Spec: socket.io-protocol v5, Connection to a namespace.
func (c *client) connect(p siopacket.Packet, at *seat) error {
	if at != nil && (at.attempt != nil || at.socket != nil && at.socket.Connected()) {
		return errState
	}
	switch {
	case !c.server.knows(p.Namespace):
		c.refuseConnect(shortened(p.Namespace), RefusedUnknown, unknownNamespace, nil)
		return nil
	case at == nil && !c.vacant():
		c.server.trace.limitReached("namespaces_per_client")
		c.refuseConnect(p.Namespace, RefusedLimit, "Too many namespaces", nil)
		return nil
	case len(p.Payload) > c.server.limits.AuthBytes:
		c.server.trace.limitReached("auth_bytes")
		c.refuseConnect(p.Namespace, RefusedLimit, "Auth is too large", nil)
		return nil
	}
	if at == nil {
		c.seats = append(c.seats, seat{namespace: p.Namespace})
		at = &c.seats[len(c.seats)-1]
	}
	if c.id == "" {
		c.id = newID()
	}
	auth := p.Payload
	a := &Attempt{client: c, namespace: p.Namespace, id: newID(), size: int64(len(auth))}
	a.auth.Store(&auth)
	at.attempt, at.socket = a, nil
	c.asking()
	if t := &c.server.trace; t.debugging() {
		t.debugAttempt("connect", a, slog.Int("auth_bytes", len(auth)))
	}
	c.server.attempts.Add(1)
	c.server.lives.Add(1)
	if all := c.server.authBytes.Add(a.size); all > c.server.maxAuthBytes && all > a.size {
		return a.Undecided() // nobody could be asked
	}
	c.server.app.Connect(a)
	return nil
}

// packetSeparator may not stand in a name: polling puts it between packets.
const packetSeparator = "\x1e"

// knows reports whether the namespace exists.
func (s *Server) knows(namespace string) bool {
	if len(namespace) > s.limits.NamespaceBytes {
		s.trace.limitReached("namespace_bytes")
		return false
	}
	// One that ends in a star could not be told from a pattern.
	if strings.Contains(namespace, packetSeparator) || strings.HasSuffix(namespace, "*") {
		return false
	}
	return s.app.Knows(namespace)
}

// shortened is what a refusal repeats of a name: all of it where it is of a length that a client would use,
// as the client finds its socket by it, and never much of a long one.
func shortened(namespace string) string {
	const enough = 64
	if i := strings.Index(namespace, packetSeparator); i >= 0 {
		namespace = namespace[:i]
	}
	if len(namespace) > 256 {
		namespace = strings.ToValidUTF8(namespace[:enough], "") + "..."
	}
	return namespace
}

// vacant makes room for one more seat. One that was left goes first.
func (c *client) vacant() bool {
	if len(c.seats) < c.server.limits.Namespaces {
		return true
	}
	for _, at := range c.seats {
		if at.attempt == nil && (at.socket == nil || !at.socket.Connected()) {
			c.free(at.namespace)
			return true
		}
	}
	return false
}

// unknownNamespace is what clients know a namespace by that does not exist.
//
// Source: socket.io 4.8, client.ts, doConnect.
const unknownNamespace = "Invalid namespace"

// refuseConnect sends CONNECT_ERROR, and says so to whom it concerns. Data is left out when there is none, never
// null.
func (c *client) refuseConnect(namespace, why, message string, data []byte) {
	c.refused(namespace, why, message)
	payload := siopacket.AppendString([]byte(`{"message":`), message)
	if len(data) > 0 {
		payload = append(append(payload, `,"data":`...), data...)
	}
	payload = append(payload, '}')
	c.send(nil, siopacket.Packet{Type: siopacket.ConnectError, Namespace: namespace, Payload: payload})
}

// refused tells that a namespace was not joined.
func (c *client) refused(namespace, why, message string) {
	if watcher := c.server.watcher; watcher != nil {
		watcher.ConnectRefused(c.session.Handshake(), namespace, why, message)
	}
	if t := &c.server.trace; t.debugging() {
		t.debug("refused", slog.String("namespace", namespace), slog.String("client", c.id), slog.String("why", why))
	}
	if why == RefusedUnknown {
		namespace = "" // strangers could make up as many as they like
	}
	c.server.trace.connectRefused(namespace, why)
}

// Attempt is a client that wants to join a namespace. Its methods may be called at the same time and from
// inside Application.Connect; exactly one of Accept, Deny and Undecided takes effect.
type Attempt struct {
	// set at construction
	client    *client
	namespace string
	id        string
	size      int64 // of auth

	tag any // the application's; set inside Application.Connect

	state atomic.Int32 // of the constants below; leaves stateOpen once
	auth  atomic.Pointer[[]byte]
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
func (a *Attempt) Handshake() *engineio.Handshake { return a.client.session.Handshake() }

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
func (a *Attempt) ClientID() string { return a.client.id }

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
	a.client.gate.post(then)
	return nil
}

// decided gives back what an attempt without a decision takes.
func (a *Attempt) decided() {
	a.client.server.attempts.Add(-1)
	a.client.server.authBytes.Add(-a.size)
}

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
	return a.answer(func() { a.client.accept(a, acceptance) })
}

// Deny refuses with CONNECT_ERROR. Data is JSON or nil.
func (a *Attempt) Deny(message string, data []byte) error {
	return a.answer(func() {
		defer a.client.server.lives.Done()
		a.client.deny(a, RefusedDenied, message, data)
	})
}

// DenyUnknown refuses as if the namespace did not exist.
func (a *Attempt) DenyUnknown() error {
	return a.answer(func() {
		defer a.client.server.lives.Done()
		a.client.deny(a, RefusedUnknown, unknownNamespace, nil)
	})
}

// Undecided closes the session if nothing else is joined on it, so that the browser's client tries again by
// itself; else it refuses with a code that says so.
func (a *Attempt) Undecided() error {
	return a.answer(func() {
		c := a.client
		defer c.server.lives.Done()
		if c.joinedAny() {
			c.deny(a, RefusedUndecided, "Unavailable", []byte(`{"code":"UNAVAILABLE"}`))
			return
		}
		c.refused(a.namespace, RefusedUndecided, "")
		if !c.over {
			c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "nobody could decide"})
		}
	})
}

// deny runs in the gate.
func (c *client) deny(a *Attempt, why, message string, data []byte) {
	if c.over {
		c.refused(a.namespace, why, message)
		return
	}
	c.free(a.namespace)
	c.refuseConnect(a.namespace, why, message, data)
	c.answered()
}

// gone tells that the browser of an attempt has left before the answer. In the gate.
func (c *client) gone(a *Attempt) {
	if c.server.watcher != nil {
		c.server.watcher.AttemptGone(a)
	}
	c.server.lives.Done()
}

func (c *client) joinedAny() bool {
	for _, at := range c.seats {
		if at.socket != nil && at.socket.Connected() {
			return true
		}
	}
	return false
}

// accept runs in the gate; the attempt's life becomes the socket's. Should the client have ended meanwhile,
// the application still hears of the socket: it came and left.
func (c *client) accept(a *Attempt, acceptance Acceptance) {
	s := newSocket(a, acceptance)
	batch := batches.get()
	defer batches.flush(batch)
	if c.over {
		s.close(c.end)
	} else {
		c.seat(s, batch, acceptance)
	}
	t := &c.server.trace
	t.socketOpened(s.namespace.name)
	if t.debugging() {
		t.debugSocket("accepted", s, slog.String("client", c.id))
	}
	if acceptance.Then != nil {
		acceptance.Then(s, batch)
	}
	s.told = true
	c.server.app.Connected(s)
	if c.over {
		c.left(s)
	}
}

// seat puts a socket in the place of its attempt: from here on it receives.
func (c *client) seat(s *Socket, batch *engineio.Batch, acceptance Acceptance) {
	c.find(s.namespace.name).sit(s)
	c.joined()
	payload := append(append([]byte(`{"sid":"`), s.id...), `"}`...)
	c.send(batch, siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace.name, Payload: payload})
	s.enter(acceptance.Rooms)
	c.server.tellNotes()
}

// enter makes the adapter know a socket. Whoever finds it already waits until the adapter knows all of it.
func (s *Socket) enter(rooms []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.namespace.adapter.Add(s)
	if len(rooms) > 0 {
		s.joined = len(rooms)
		s.namespace.adapter.Join(s, rooms...)
	}
}

func (at *seat) sit(s *Socket) { at.attempt, at.socket = nil, s }

// newSocket makes the socket of an accepted attempt.
func newSocket(a *Attempt, acceptance Acceptance) *Socket {
	s := &Socket{
		client:      a.client,
		namespace:   a.client.server.hold(a.namespace),
		id:          a.id,
		user:        acceptance.User,
		connectTime: time.Now(),
	}
	if len(acceptance.Data) > 0 {
		s.data, s.version = acceptance.Data, 1
	}
	if acceptance.Policy != nil {
		s.SetPolicy(acceptance.Policy)
	}
	return s
}
