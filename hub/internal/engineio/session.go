package engineio

import (
	"sync"
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// Handler takes what a browser sends on one session. It is given by Config.OnSession.
type Handler interface {
	// HandleMessage takes one message, without the packet type. The calls of one session come one at
	// a time, in the order in which the browser sent, also over an upgrade. data is valid only during
	// the call. Text is valid UTF-8.
	HandleMessage(data []byte, binary bool)
	// HandleClose says that the session has ended. It is called exactly once, from a goroutine of the
	// server and never from inside Send or Close; it may run while HandleMessage still does. No
	// HandleMessage starts after it has been called, except one that was already on its way.
	HandleClose(Close)
}

// UpgradeHandler is a Handler that wants to know when its session moves from polling to another transport.
type UpgradeHandler interface {
	Handler
	// HandleUpgrade is called once, before any message that came over the new one. It must not block.
	HandleUpgrade()
}

// discardHandler is the handler of a session where Config.OnSession gave none.
type discardHandler struct{}

func (discardHandler) HandleMessage([]byte, bool) {}
func (discardHandler) HandleClose(Close)          {}

// Session is one browser's connection. All methods may be called at the same time.
//
// Locks: receiving before mu; mu is a leaf, never held across a write or a callback.
type Session struct {
	// Set at construction.
	server    *Server
	id        string
	handshake atomic.Pointer[request.Handshake] // replaced once, see Joined

	// Guarded by server.heartbeat.mu.
	beat beat

	// receiving is held while messages that came by polling are handed up or held back, and at the moment
	// of an upgrade: it keeps HandleMessage to one call at a time.
	receiving sync.Mutex
	flow      flow

	mu sync.Mutex // guards the fields below, but for life.over
	life
	out   outbox
	batch *Batch      // see Batch.addLocked
	slow  *slowRecord // nil: what was sent was taken at once, see slowSessions

	partial   *partialEvent // see Unfinished
	transport transport
	probe     *probe // upgrades from polling to another transport
}

// noHandshake is the handshake of a session that has none yet.
var noHandshake = new(request.Handshake)

// newSession returns a session that has no transport yet and no id.
func newSession(server *Server) *Session {
	s := &Session{server: server, transport: none{}}
	s.handshake.Store(noHandshake)
	s.flow.session = s
	return s
}

// ID is the session id: 20 characters. It is a secret between server and browser, but in revision 3, where it is known as
// socket id.
func (s *Session) ID() string { return s.id }

// Handshake is the request that opened the session. Once it has joined a namespace, headers beyond
// Limits.HandshakeBytes are gone.
func (s *Session) Handshake() *request.Handshake { return s.handshake.Load() }

// TransportName is the current transport: `polling`, `websocket` or `webtransport`.
func (s *Session) TransportName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transport.name()
}

// Writable reports whether a message would be written right now, behind nothing: a poll waits or another transport
// takes it, and neither the kernel nor a batch that was not flushed yet holds anything back. It is the rule for
// volatile messages.
//
// Source: reference 2.6.
func (s *Session) Writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state <= upgrading && s.out.entries == nil && !s.out.peerClosed && s.transport.writableLocked()
}

// Attendance tells of the browser's presence. Over polling nobody is there between two requests: the browser is about to
// make the next one, or it has gone and will be found out by the heartbeat. Then requests, which counts them, says
// later whether one has come meanwhile. Over any other transport, and while it moves to one, it is there.
func (s *Session) Attendance() (requests uint32, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.transport.(*polling)
	if !ok {
		return 0, true
	}
	return t.requests, s.state != open || t.poll != nil || t.post != nil
}

// Holds reports whether messages of so much in sum could wait for the browser, if nothing else did.
func (s *Session) Holds(bytes int64) bool { return bytes < s.server.config.Limits.OutboxBytes }

// Send queues the messages as one unit: all or none, with nothing between them. With a batch they
// are written when it is flushed, without one now. It never waits for the browser. noCompress never
// compresses them.
//
// Errors: ErrSessionClosed, also when the browser has gone and the last of what it sent is still to be handed up;
// ErrOutboxFull, when the browser does not read, and then the session is
// being closed with reason `forced close`.
func (s *Session) Send(b *Batch, unit []*Message, noCompress bool) error {
	limits := &s.server.config.Limits
	s.mu.Lock()
	if s.state > upgrading || s.out.peerClosed {
		s.mu.Unlock()
		return ErrSessionClosed
	}
	if s.out.full(limits) {
		s.mu.Unlock()
		s.server.slow.close(s, slowFull, "slow browser: more than its outbox holds was waiting")
		return ErrOutboxFull
	}
	before := s.out.queued
	for _, m := range unit {
		s.out.queue(m, noCompress)
	}
	if s.slow != nil {
		s.server.slow.count(s.out.queued - before)
	}
	if s.out.waiting() > limits.OutboxBytes/2 {
		s.flow.pause(pausedOutbox)
	}
	now := b == nil || s.out.flushDue()
	if b != nil {
		b.addLocked(s)
	}
	s.mu.Unlock()
	if now {
		s.flush()
	}
	return nil
}

// control queues a packet of the server's own.
func (s *Session) control(m *Message) {
	s.mu.Lock()
	if s.state > upgrading || s.out.peerClosed {
		s.mu.Unlock()
		return
	}
	s.out.add(m, true)
	s.mu.Unlock()
	s.flush()
}

// flush hands what is queued to the transport.
func (s *Session) flush() {
	s.mu.Lock()
	t := s.transport
	more := t.sendLocked()
	if !more && s.slow == nil && s.out.bytes > 0 && !s.out.writing {
		s.server.slow.addLocked(s) // no poll is there
	}
	s.mu.Unlock()
	if more {
		t.send()
	}
}

// receive acts on one packet. False means that the session takes no more.
//
// Spec: engine.io-protocol v4. Source: reference 1.8, 1.12.
func (s *Session) receive(h Handler, p eiopacket.Packet) bool {
	if s.over.Load() {
		return false
	}
	s.server.trace.received(len(p.Data) + 1)
	switch p.Type {
	case eiopacket.Message:
		h.HandleMessage(p.Data, p.Binary)
	case eiopacket.Ping, eiopacket.Pong:
		return s.server.heartbeat.heard(s, p)
	case eiopacket.Close:
		s.end(Close{Reason: ReasonTransportClose, Detail: "the browser closed the session"}, endReply)
		return false
	}
	// Any other open, upgrade or noop packet is ignored.
	return true
}

// listener is the handler of the session's messages.
func (s *Session) listener() Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler == nil {
		return discardHandler{}
	}
	return s.handler
}

// begin tells the application about the session, whose open packet is queued, and starts its
// heartbeat.
func (s *Session) begin() {
	if revision3(s) {
		s.server.heartbeat.addPinging(s)
	} else {
		s.server.heartbeat.add(s)
	}
	s.server.trace.opened(s.Handshake().Transport())
	var h Handler
	if s.server.config.OnSession != nil {
		h = s.server.config.OnSession(s)
	}
	if h == nil {
		h = discardHandler{}
	}
	s.mu.Lock()
	ended := s.hearsLocked(h)
	s.mu.Unlock()
	if ended != nil {
		s.server.tasks.start(func() { h.HandleClose(*ended) })
	}
}
