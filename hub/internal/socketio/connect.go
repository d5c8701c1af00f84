package socketio

import (
	"log/slog"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// connect begins an attempt. The namespace is reserved at once, so that a second CONNECT can never make
// a second socket.
//
// Spec: socket.io-protocol v5, Connection to a namespace.
func (c *client) connect(p siopacket.Packet, at *seat) error {
	if at != nil && !at.free() || c.applicants.have(p.Namespace) {
		return errState
	}
	switch {
	case !c.server.knows(p.Namespace):
		c.refuseConnect(shortened(p.Namespace), RefusedUnknown, unknownNamespace, nil)
		return nil
	case at == nil && !c.seats.vacant(c.server.limits.Namespaces):
		c.server.trace.limitReached("namespaces_per_client")
		c.refuseConnect(p.Namespace, RefusedLimit, "Too many namespaces", nil)
		return nil
	case len(p.Payload) > c.server.limits.AuthBytes:
		c.server.trace.limitReached("auth_bytes")
		c.refuseConnect(p.Namespace, RefusedLimit, "Auth is too large", nil)
		return nil
	}
	(&applicant{client: c, packet: p, size: int64(len(p.Payload)) + attemptBytes}).apply()
	return nil
}

// ask begins an attempt that has room. In the gate.
func (one *applicant) ask() {
	c, p := one.client, one.packet
	at := c.seats.find(p.Namespace)
	if at == nil {
		at = c.seats.add(p.Namespace)
	}
	c.asked = true
	a := &Attempt{client: c, namespace: p.Namespace, id: socketID(c, p.Namespace), size: one.size, share: one.share}
	at.attempt, at.socket = a, nil
	c.clock.pause()
	c.server.lives.Add(1)
	a.begin(p.Payload)
}

// ask asks the application. In the gate.
func (a *Attempt) ask(auth []byte) {
	a.auth.Store(&auth)
	if t := &a.client.server.trace; t.debugging() {
		t.debugAttempt("connect", a, slog.Int("auth_bytes", len(auth)), slog.Bool("recovers", a.reserved != nil))
	}
	a.client.server.app.Connect(a)
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

// unknownNamespace is what clients know a namespace by that does not exist.
//
// Source: socket.io 4.8, client.ts, doConnect.
const unknownNamespace = "Invalid namespace"

// refuseConnect sends CONNECT_ERROR, and says so to whom it concerns. Data is left out when there is none, never
// null.
func (c *client) refuseConnect(namespace, why, message string, data []byte) {
	c.server.refused(c, namespace, why, message)
	payload := connectError
	if c.old() && why != RefusedUnknown {
		payload = connectErrorOld
	}
	c.send(nil, siopacket.Packet{Type: siopacket.ConnectError, Namespace: namespace, Payload: payload(message, data)})
}

// connectError is the payload of a CONNECT_ERROR packet.
func connectError(message string, data []byte) []byte {
	payload := siopacket.AppendString([]byte(`{"message":`), message)
	if len(data) > 0 {
		payload = append(append(payload, `,"data":`...), data...)
	}
	return append(payload, '}')
}

// refused tells that a client has not joined a namespace.
func (s *Server) refused(c *client, namespace, why, message string) {
	if watcher := s.watcher; watcher != nil {
		watcher.ConnectRefused(c.session.Handshake(), namespace, why, message)
	}
	if t := &s.trace; t.debugging() {
		t.debug("refused", slog.String("namespace", namespace), slog.String("client", c.name()), slog.String("why", why))
	}
	if why == RefusedUnknown {
		namespace = "" // strangers could make up as many as they like
	}
	s.trace.connectRefused(namespace, why)
}

// accept runs in the gate; the attempt's life becomes the socket's. Should the client have ended meanwhile,
// the application still hears of the socket: it came and left.
func (a *Attempt) accept(acceptance Acceptance) {
	c := a.client
	early := a.early.take(c)
	s := newSocket(a, acceptance)
	batch := batches.get()
	defer batches.flush(batch)
	if in := (arrival{a, s, batch, acceptance}); !in.bringIn() {
		c.server.trace.earlyPackets(EarlyGone, len(early))
		return
	}
	t := &c.server.trace
	t.socketOpened(s.namespace.name)
	if t.debugging() {
		t.debugSocket("accepted", s, slog.String("client", c.name()))
	}
	if acceptance.Then != nil {
		acceptance.Then(s, batch)
	}
	s.told = true
	c.server.app.Connected(s)
	if c.over {
		c.left(s)
	}
	c.catchUp(early)
}

// newSocket makes the socket of an accepted attempt.
func newSocket(a *Attempt, acceptance Acceptance) *Socket {
	s := &Socket{
		client:    a.client,
		namespace: a.client.server.namespaces.hold(a.namespace),
		id:        a.id,
		user:      acceptance.User,
		connected: time.Now().UnixNano(),
	}
	if len(acceptance.Data) > 0 {
		s.data.set(acceptance.Data, 1)
	}
	if acceptance.Policy != nil {
		s.SetPolicy(acceptance.Policy)
	}
	return s
}
