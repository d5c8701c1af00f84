package servicetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// session is what a hub keeps of a browser that is away. Guarded by Hub.mu.
type session struct {
	recovered bool // it has been away
	lost      time.Time
	wasIn     map[string]bool // its rooms when it was lost
	wasAt     uint64          // their version
	missed    []*Message
	expiry    *time.Timer
	successor *socket // of a browser that was let in anew in its place
}

// detailRevoked is the detail of a disconnect after which nobody comes back to the session.
const detailRevoked = "revoked"

func recoverable(reason string) bool {
	return slices.Contains([]string{"transport close", "transport error", "ping timeout", "forced close", "forced server close"}, reason)
}

// goAwayLocked keeps the session of a browser that was lost.
func goAwayLocked(h *Hub, s *socket) (until *timestamppb.Timestamp) {
	s.state, s.lost, s.wasIn, s.wasAt = away, time.Now(), maps.Clone(s.rooms), s.roomsVersion
	s.expiry = time.AfterFunc(h.recovery, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		s.forgetLocked()
	})
	return timestamppb.New(s.lost.Add(h.recovery))
}

// forgetLocked ends the session of a browser that is away.
func (s *socket) forgetLocked() {
	if s.state == away {
		s.expiry.Stop()
		s.state, s.missed = gone, nil
	}
}

func awayLocked(h *Hub) (sockets []*socket) {
	for _, id := range slices.Sorted(maps.Keys(h.sockets)) {
		if h.sockets[id].state == away {
			sockets = append(sockets, h.sockets[id])
		}
	}
	return sockets
}

// storeLocked does to those who are away what a command is about, and returns how many there are.
func storeLocked(h *Hub, c *hubv1.Command) (stored uint32) {
	sockets, _ := pickInLocked(h, targetOf(c), away)
	for _, s := range sockets {
		if s.storeLocked(c) {
			stored++
		}
	}
	return stored
}

func (s *socket) storeLocked(c *hubv1.Command) bool {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		if op.Emit.GetAck() != nil || op.Emit.GetVolatile() {
			return false
		}
		s.missed = append(s.missed, &Message{Event: op.Emit.GetEvent(), payload: newPayload(op.Emit.GetPayload()), client: s.client})
	case *hubv1.Command_UpdateRooms:
		before := maps.Clone(s.rooms)
		for _, room := range op.UpdateRooms.GetJoin() {
			s.rooms[room] = true
		}
		for _, room := range op.UpdateRooms.GetLeave() {
			delete(s.rooms, room)
		}
		if !maps.Equal(before, s.rooms) {
			s.roomsVersion++
		}
	case *hubv1.Command_SetData:
		if op.SetData.ExpectedVersion != nil && op.SetData.GetExpectedVersion() != s.version {
			return false
		}
		s.change(op.SetData)
	case *hubv1.Command_Disconnect:
		s.forgetLocked()
	default:
		return false
	}
	return true
}

// change changes the socket's data.
func (s *socket) change(op *hubv1.SetData) {
	if op.GetMerge() {
		s.data = merged(s.data, op.GetData())
	} else {
		s.data = op.GetData()
	}
	s.version++
}

// Return lets a browser that was lost come back, and waits for the decision. It is the same Client, with its inbox and
// what it has missed behind that, if it could take up its session; else it is another one, with another id. The errors
// are those of Connect.
func (c *Client) Return(options ...ConnectOption) (*Client, error) {
	c.hub.tb.Helper()
	o := newOpening(options)
	if o.err != nil {
		return nil, o.err
	}
	var decision *hubv1.Settlement
	decided := false
	if !c.ask(o, func(d *hubv1.Settlement) { decision, decided = d, true }) {
		return c.hub.Connect(c.socket.namespace, options...)
	}
	if err := c.hub.until(context.Background(), func() bool { return decided || c.socket.state == open }); err != nil {
		c.hub.tb.Fatalf("servicetest: Return: %s", c.hub.describe("no decision", err))
	}
	switch {
	case decision.GetDeny() != nil:
		return nil, newConnectError(decision.GetDeny())
	case decision.GetNack() != nil:
		return nil, fmt.Errorf("%w: %s", ErrUndecided, decision.GetNack().GetStatus().GetMessage())
	case c.socket.successor != nil:
		return c.socket.successor.client, nil
	}
	return c, nil
}

// Recovered reports whether the browser took up the session that it had.
func (c *Client) Recovered() bool { return locked(c, func() bool { return c.socket.recovered }) }

// ask puts the question to who decides about a session that is to be taken up. It reports false if there is none.
func (c *Client) ask(o *opening, decided func(*hubv1.Settlement)) bool {
	h, s := c.hub, c.socket
	h.mu.Lock()
	defer h.mu.Unlock()
	sub := h.subscriptions.authorizer(s.namespace)
	if s.state != away || sub == nil {
		return false
	}
	s.handshake, s.transport, s.auth = o.handshake, o.handshake.GetTransport(), o.auth
	body := &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{
		Handshake: o.handshake, Auth: o.auth,
		Recovery: &hubv1.Recovery{User: s.user, Rooms: s.roomNames(), DisconnectTime: timestamppb.New(s.lost)},
	}}
	d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: body})
	d.settled, d.aside = decided, true
	h.ledger.queueLocked(d)
	return true
}

// decideAwayLocked lets a browser take up its session, or begin anew, or does not let it in.
func (st *stream) decideAwayLocked(d *delivery, settlement *hubv1.Settlement) {
	h, s, accept := st.hub, d.socket, settlement.GetAccept()
	switch {
	case settlement.GetDeny() != nil:
		s.forgetLocked()
		commandsLocked(h, settlement)
	case accept != nil && accept.GetUser() == s.user:
		takeUpLocked(h, s, accept, func() { commandsLocked(h, settlement) })
	case accept != nil:
		acceptLocked(h, anewLocked(h, s), accept, func() { commandsLocked(h, settlement) })
	}
	h.ledger.doneLocked(d, settlement)
}

// anewLocked makes the socket of a browser that does not get its session.
func anewLocked(h *Hub, s *socket) *socket {
	s.forgetLocked()
	next := newSocket(h, s.namespace, &opening{handshake: s.handshake, auth: s.auth, traceparent: s.traceparent})
	h.sockets[next.id] = next
	s.successor = next
	return next
}

// takeUpLocked lets a browser be where it was, with what has changed meanwhile.
func takeUpLocked(h *Hub, s *socket, accept *hubv1.Accept, commands func()) {
	s.expiry.Stop()
	s.state, s.recovered, s.client.reason = open, true, ""
	s.connectTime, s.toldData = timestamppb.Now(), 0
	if len(accept.GetData()) > 0 {
		s.data = accept.GetData()
		s.version++
	}
	if accept.GetPolicy() != nil {
		s.client.policy = accept.GetPolicy()
	}
	if s.keptAuth = nil; accept.GetKeepAuth() {
		s.keptAuth = s.auth
	}
	for room := range s.rooms {
		countRoomLocked(h, s.namespace, room, 1)
	}
	userLocked(h, s.namespace, s.user, 1)
	expireLocked(h, s, accept)
	for _, m := range s.missed {
		s.client.receiveLocked(m)
	}
	s.missed = nil
	if !forgiveLocked(h, s) {
		s.introduced, s.dedupeID, s.introductions = false, nil, 0
	} else if s.roomsVersion != s.wasAt {
		tellMovedLocked(h, s, without(s.rooms, s.wasIn), without(s.wasIn, s.rooms))
	}
	moveLocked(h, s, accept.GetRooms(), nil)
	introducedLocked(h, s, commands)
}

// forgiveLocked drops a disconnected that is held back still: then the service hears neither that the browser was away nor
// that it is back.
func forgiveLocked(h *Hub, s *socket) bool {
	for _, d := range h.ledger.pending {
		if d.socket == s && d.body.GetDisconnected() != nil && d.held && d.attempt == 0 {
			h.ledger.doneLocked(d, nil)
			return true
		}
	}
	return false
}
