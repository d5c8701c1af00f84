package socketio

import (
	"errors"
	"slices"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The disconnect reasons of this level; the others are the session's.
//
// Source: socket.io 4.8; reference 2.8.
const (
	ReasonForcedServerClose         = "forced server close"
	ReasonServerShuttingDown        = "server shutting down"
	ReasonClientNamespaceDisconnect = "client namespace disconnect"
	ReasonServerNamespaceDisconnect = "server namespace disconnect"
)

// Disconnect tells why a socket left.
type Disconnect struct {
	Reason string
	// CloseCode is the WebSocket close code of the session's end. Zero: none.
	CloseCode int
	// Detail is a text for people.
	Detail string
	// Rooms are those it was in, its own and its user's not, sorted.
	Rooms []string
}

// leave acts on DISCONNECT: the browser leaves one namespace and keeps its connection.
//
// Spec: socket.io-protocol v5, Disconnection from a namespace.
func (c *client) leave(s *Socket) {
	if s.close(Disconnect{Reason: ReasonClientNamespaceDisconnect}) {
		c.free(s.namespace.name)
		c.left(s)
	}
}

// left tells the application that a closed socket is gone. In the gate, once for each socket, after
// Connected.
func (c *client) left(s *Socket) {
	end := s.ending()
	c.server.trace.socketClosed(s.namespace.name, end.Reason)
	c.server.app.Disconnected(s, end)
	c.server.lives.Done()
}

// disconnect makes a socket leave by the server's will. Its seat is kept without it, as the browser may
// have sent events already that have to be dropped.
func (s *Socket) disconnect(b *engineio.Batch) bool {
	packet := siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name}
	unit := encode(s.client.server.parser, packet, nil, false)
	if !s.closeWith(Disconnect{Reason: ReasonServerNamespaceDisconnect}, func() {
		_ = s.client.session.Send(b, unit, false) // a failure closes the session
	}) {
		return false
	}
	s.client.gate.post(func() { s.client.vacate(s) })
	return true
}

// vacate runs in the gate after the server made a socket leave.
func (c *client) vacate(s *Socket) {
	if at := c.find(s.namespace.name); at != nil && at.socket == s {
		at.socket = nil
	}
	c.left(s)
}

// kick ends a whole connection by the server's will: every socket on it leaves as if it were disconnected
// alone, then the transport is closed.
func (c *client) kick() {
	c.gate.post(func() {
		if c.over {
			return
		}
		batch := batches.get()
		for _, at := range c.seats {
			if at.socket != nil {
				at.socket.disconnect(batch)
			}
		}
		batches.flush(batch)
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "disconnected by the application"})
	})
}

// refuse closes a client for what it sent: in order after a packet that cannot be read, at once after one
// that does not fit the state.
func (c *client) refuse(err error) {
	if errors.Is(err, errState) {
		c.server.trace.badPacket("state", err.Error())
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: err.Error()})
		return
	}
	var known *siopacket.Error
	if errors.As(err, &known) && known.Limit != "" {
		c.server.trace.limitReached(known.Limit)
	}
	c.server.trace.badPacket("decode", err.Error())
	c.close(Disconnect{Reason: string(engineio.ReasonForcedClose), Detail: err.Error()})
}

// close ends the client and its session. In the gate.
func (c *client) close(end Disconnect) {
	c.finish(end)
	c.session.Close(engineio.Close{Reason: engineio.Reason(end.Reason), Detail: end.Detail})
}

// finish ends the client: the only way out. Every socket on it leaves, every attempt has lost its
// browser. In the gate.
func (c *client) finish(end Disconnect) {
	if c.over {
		return
	}
	c.over, c.end = true, end
	defer c.server.lives.Done()
	c.partial = nil
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	seats := c.seats
	c.seats = nil
	for _, at := range seats {
		if at.attempt != nil && at.attempt.abandon() {
			c.server.lives.Done()
		}
		if at.socket != nil && at.socket.close(end) {
			c.left(at.socket)
		}
	}
}

// withoutUser is the rooms that a service named: not the one of the user, and sorted.
func withoutUser(rooms []string, user string) []string {
	if user != "" {
		own := UserRoom(user)
		rooms = slices.DeleteFunc(rooms, func(room string) bool { return room == own })
	}
	slices.Sort(rooms)
	return rooms
}
