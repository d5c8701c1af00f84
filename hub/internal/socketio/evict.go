package socketio

import (
	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Eviction says how sockets are made to leave. The zero value sends them a DISCONNECT packet, after which their
// clients stay away.
type Eviction struct {
	// CloseTransport ends the whole connection: each socket on it is sent a DISCONNECT packet, then the
	// transport is closed.
	CloseTransport bool
	// MayReturn closes the transport and sends no DISCONNECT packet, so that clients come back.
	MayReturn bool
	// Detail goes into Disconnect.Detail.
	Detail string
}

func (n *namespace) disconnect(b *engineio.Batch, t adapter.Target, e Eviction) (o Outcome) {
	own := batches.orOwn(b)
	defer own.release()
	members := pick(n.adapter, t)
	defer members.release()
	for _, m := range members.list {
		s := m.(*Socket)
		if e.MayReturn {
			open := s.Connected()
			o.add(open)
			if open {
				s.client.hangUp(e.Detail)
			}
			continue
		}
		done := s.disconnect(own.Batch, e.Detail)
		o.add(done)
		if done && e.CloseTransport {
			s.client.kick(e.Detail)
		}
	}
	return o
}

// disconnect makes a socket leave by the server's will. Its seat is kept without it, as the browser may
// have sent events already that have to be dropped.
func (s *Socket) disconnect(b *engineio.Batch, detail string) bool {
	packet := siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name}
	unit := encode(s.client.server.parser, packet, nil, false)
	if !s.closeWith(Disconnect{Reason: ReasonServerNamespaceDisconnect, Detail: detail}, func() {
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

// evicted is the detail of a connection that ends by the application's will and without another one.
const evicted = "disconnected by the application"

// kick ends a whole connection by the server's will: every socket on it leaves as if it were disconnected
// alone, then the transport is closed.
func (c *client) kick(detail string) {
	c.gate.post(func() {
		if c.over {
			return
		}
		batch := batches.get()
		for _, at := range c.seats {
			if at.socket != nil {
				at.socket.disconnect(batch, detail)
			}
		}
		batches.flush(batch)
		if detail == "" {
			detail = evicted
		}
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: detail})
	})
}

// hangUp closes the transport behind what is queued, and says nothing: its client comes back.
func (c *client) hangUp(detail string) {
	c.gate.post(func() {
		if !c.over {
			c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: detail})
		}
	})
}
