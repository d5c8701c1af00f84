package socketio

import (
	"errors"
	"log/slog"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The disconnect reasons of this level; the others are the session's.
//
// Source: socket.io 4.8; reference 2.8.
const (
	ReasonForcedServerClose         = "forced server close"
	ReasonServerShuttingDown        = string(engineio.ReasonServerShuttingDown)
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
	// Rooms are those it was in, its own not, sorted.
	Rooms []string
	// RecoverableUntil is until when its browser may come back as if it had never been away. Zero: it may not.
	RecoverableUntil time.Time
	// mustAsk says that whoever comes back has to show who it is.
	mustAsk bool
}

// leave acts on DISCONNECT: the browser leaves one namespace and keeps its connection.
//
// Spec: socket.io-protocol v5, Disconnection from a namespace.
func (c *client) leave(s *Socket) {
	if s.close(Disconnect{Reason: ReasonClientNamespaceDisconnect}) {
		c.seats.remove(s.namespace.name)
		c.left(s)
	}
}

// left tells the application that a closed socket is gone. In the gate, once for each socket, after
// Connected.
func (c *client) left(s *Socket) {
	end := s.ending()
	s.membership.tell(s) // what it did before is told before
	s.told = false
	c.user.left(s, c.seats)
	t := &c.server.trace
	t.socketClosed(s.namespace.name, end.Reason)
	if t.debugging() {
		t.debugSocket("disconnected", s, slog.String("reason", end.Reason), slog.String("detail", end.Detail))
	}
	c.server.app.Disconnected(s, end)
	if s.recovery != nil {
		c.server.recovery.Depart(s.recovery)
	}
	c.server.lives.Done()
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
	kind := "decode"
	if c.server.misfits.has(c, err) {
		kind = "parser"
	}
	c.server.trace.badPacket(kind, err.Error())
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
	c.over, c.end = true, &end
	defer c.server.lives.Done()
	c.partial = nil
	c.applicants.withdraw(&c.server.admission)
	c.joined()
	seats := c.seats
	c.seats = nil
	for _, at := range seats {
		if at.attempt != nil && at.attempt.abandon() {
			at.attempt.gone()
		}
		if at.socket != nil && at.socket.close(end) {
			c.left(at.socket)
		}
	}
}
