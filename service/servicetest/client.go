package servicetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// ErrNoReply says that the service is done with the event and gave no reply; a
// real browser's callback is never called.
var ErrNoReply = errors.New("servicetest: no reply")

// NackError says that the service could not deal with an event, for good: its
// handler failed, or five tries were not enough.
type NackError struct {
	// Message is what the handler's error said.
	Message string
}

// Error gives the message.
func (e *NackError) Error() string { return "servicetest: handler failed: " + e.Message }

// Client is a browser in one namespace.
type Client struct {
	hub    *Hub
	socket *socket

	// Guarded by hub.mu.
	inbox    []*Message
	received []*Message
	answers  map[string]service.Payload
	pending  []*aggregate
	reason   string   // why it has left; empty while it is there
	later    []string // dedupe ids of open acknowledgements
	timers   []*time.Timer
	policy   *hubv1.EdgePolicy
}

// Connect lets a browser ask to join a namespace and waits for the decision. The
// error is a *ConnectError, ErrUndecided or ErrInvalidNamespace.
func (h *Hub) Connect(namespace string, options ...ConnectOption) (*Client, error) {
	h.tb.Helper()
	o := newOpening(options)
	if o.err != nil {
		return nil, o.err
	}
	s := newSocket(h, namespace, o)
	var decision *hubv1.Settlement
	decided := false
	if err := h.ask(s, o, func(d *hubv1.Settlement) { decision, decided = d, true }); err != nil {
		return nil, err
	}
	if err := h.until(context.Background(), func() bool { return decided || s.state == open }); err != nil {
		h.tb.Fatalf("servicetest: Connect: %s", h.describe("no decision", err))
	}
	switch {
	case decision.GetDeny().GetReason() == hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN:
		return nil, ErrInvalidNamespace
	case decision.GetDeny() != nil:
		return nil, newConnectError(decision.GetDeny())
	case decision.GetNack() != nil:
		return nil, fmt.Errorf("%w: %s", ErrUndecided, decision.GetNack().GetStatus().GetMessage())
	case decision == nil && s.state == gone:
		return nil, ErrUndecided
	}
	return s.client, nil
}

func newSocket(h *Hub, namespace string, o *opening) *socket {
	s := &socket{
		id: rand.Text()[:20], clientID: rand.Text()[:20], namespace: namespace, rooms: map[string]bool{},
		handshake: o.handshake, transport: o.handshake.GetTransport(), auth: o.auth, traceparent: o.traceparent,
	}
	s.client = &Client{hub: h, socket: s, answers: map[string]service.Payload{}}
	return s
}

// ask puts the question to who decides.
func (h *Hub) ask(s *socket, o *opening, decided func(*hubv1.Settlement)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.subscriptions.known(s.namespace) {
		return ErrInvalidNamespace
	}
	h.sockets[s.id] = s
	if sub := h.subscriptions.authorizer(s.namespace); sub != nil {
		body := &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{Handshake: o.handshake, Auth: o.auth}}
		d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: body})
		d.settled, d.aside = decided, true
		h.ledger.queueLocked(d)
		return nil
	}
	accept, err := o.accepted()
	if err == nil {
		acceptLocked(h, s, accept, func() {})
	}
	return err
}

func newConnectError(deny *hubv1.Deny) *ConnectError {
	e := &ConnectError{Message: deny.GetMessage(), Data: deny.GetData()}
	if e.Message == "" {
		e.Message = "Unauthorized"
	}
	return e
}

// ID is the socket's id.
func (c *Client) ID() string { return c.socket.id }

// User is the user id that the service gave.
func (c *Client) User() string { return locked(c, func() string { return c.socket.user }) }

// Data is the socket's data as JSON.
func (c *Client) Data() string { return locked(c, func() string { return string(c.socket.data) }) }

// Rooms are the rooms that the socket is in, without its own and its user's,
// sorted.
func (c *Client) Rooms() []string { return locked(c, c.socket.roomNames) }

// Gone returns why the socket has left, in the words of Socket.IO's server; empty
// while it is there.
func (c *Client) Gone() string { return locked(c, func() string { return c.reason }) }

func locked[T any](c *Client, get func() T) T {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	return get()
}

// Emit lets the browser emit an event, and does not wait: see Hub.Wait. An event
// that the service has no handler for is dropped, as the hub would.
func (c *Client) Emit(event string, args ...any) {
	c.hub.tb.Helper()
	if _, err := c.emit(event, args, false, nil); err != nil {
		c.hub.tb.Fatalf("servicetest: Emit: %v", err)
	}
}

// EmitWithAck lets the browser emit an event with a callback, and waits for what
// that is given. The error is ErrNoReply, a *NackError, or the cause of ctx.
func (c *Client) EmitWithAck(ctx context.Context, event string, args ...any) (service.Payload, error) {
	c.hub.tb.Helper()
	var settlement *hubv1.Settlement
	done := false
	handled, err := c.emit(event, args, true, func(s *hubv1.Settlement) { settlement, done = s, true })
	if err != nil {
		return service.Payload{}, err
	}
	if !handled {
		return service.Payload{}, ErrNoReply
	}
	if err := c.hub.until(ctx, func() bool { return done }); err != nil {
		return service.Payload{}, errors.New(c.hub.describe("servicetest: EmitWithAck", err))
	}
	return answered(settlement)
}

func (c *Client) emit(event string, args []any, wantsAck bool, settled func(*hubv1.Settlement)) (bool, error) {
	payload, err := service.NewPayload(args...)
	if err != nil {
		return false, err
	}
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	if c.socket.state != open {
		return false, fmt.Errorf("servicetest: the socket has left: %s", c.reason)
	}
	if allowed := c.policy.GetEvents(); len(allowed) > 0 && !fits(allowed, event) {
		return false, nil
	}
	return eventLocked(c.hub, c.socket, &hubv1.Event{Name: event, Payload: protoPayload(payload), WantsAck: wantsAck}, settled), nil
}

// Disconnect lets the browser leave as a client that calls disconnect().
func (c *Client) Disconnect() { c.leave("client namespace disconnect", 0) }

// Lose lets the browser vanish: reason is one of Socket.IO's, code the WebSocket
// close code. A closed tab is ("transport close", 1001). Whether it comes back with
// its session says [Recovery], see Return.
func (c *Client) Lose(reason string, code int) { c.leave(reason, uint32(code)) }

func (c *Client) leave(reason string, code uint32) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	leaveLocked(c.hub, c.socket, reason, code, "")
}

// forgetAcksLocked counts the browser as gone for everybody who waits for it.
func (c *Client) forgetAcksLocked() {
	for _, acks := range slices.Clone(c.pending) {
		acks.leftLocked(c.socket)
	}
	c.pending = nil
	for _, id := range c.later {
		if settled := c.hub.later[id]; settled != nil {
			settled(nil)
		}
		delete(c.hub.later, id)
	}
	c.later = nil
}

// stopTimers ends the life of an authorization.
func (c *Client) stopTimers() {
	for _, t := range c.timers {
		t.Stop()
	}
	c.timers = nil
}

// Abandon lets a browser that is not let in yet leave: its attempt is revoked. Use it
// with a Connect that waits in another goroutine.
func (h *Hub) Abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range slices.Clone(h.ledger.pending) {
		if d.body.GetConnectAttempt() == nil {
			continue
		}
		d.socket.state = gone
		h.revokeLocked(&hubv1.Revoked{DeliverySeqs: h.ledger.takeLocked(d), Reason: "BROWSER_GONE"})
		h.ledger.doneLocked(d, nil)
	}
}
