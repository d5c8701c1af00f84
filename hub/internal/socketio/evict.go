package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
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
	// Forget ends the chance of the sockets to be taken up again: those that come back begin anew. Without MayReturn it
	// ends in any case.
	Forget bool
	// Detail goes into Disconnect.Detail.
	Detail string
}

func (n *namespace) disconnect(b *engineio.Batch, t cluster.Target, e Eviction) Outcome {
	own := batches.orOwn(b)
	defer own.release()
	return n.reach(t, deed{
		live: func(s *Socket) bool { return e.carryOut(own.Batch, s) },
		away: func(_ *recovery.Session, k *kept) (done, ends bool) {
			k.mustAsk = true
			return true, !e.MayReturn || e.Forget
		},
	})
}

// carryOut makes one socket leave, and reports whether it was there.
func (e Eviction) carryOut(b *engineio.Batch, s *Socket) bool {
	if e.MayReturn {
		return e.sendAway(s)
	}
	done := e.dismiss(b, s)
	if done && e.CloseTransport {
		e.kick(s.client)
	}
	return done
}

// sendAway closes the connection of a socket that may return, and reports whether it was there. What its browser has to
// show then is settled before, should the connection break by itself at this moment.
func (e Eviction) sendAway(s *Socket) bool {
	r := s.namespace.recovering
	r.lock()
	open := s.Connected()
	if session := s.recovery; open && session != nil {
		keptOf(session).mustAsk = true
		if e.Forget {
			r.store.End(session)
		}
	}
	r.unlock()
	if open {
		e.closeAfterAnswer(s.client)
	}
	return open
}

// dismiss makes a socket leave its namespace. Its seat is kept without it, as the browser may have sent events
// already that have to be dropped.
func (e Eviction) dismiss(b *engineio.Batch, s *Socket) bool {
	packet := siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name}
	unit := s.client.encode(packet, nil)
	if !s.closeWith(Disconnect{Reason: ReasonServerNamespaceDisconnect, Detail: e.Detail}, func() {
		_ = s.client.session.Send(b, unit, false) // a failure closes the session
	}) {
		return false
	}
	s.client.post(s.vacate)
	return true
}

// evicted is the detail of a connection that ends by the application's will and without another one.
const evicted = "disconnected by the application"

// kick ends a whole connection by the server's will: every socket on it leaves as if it were disconnected
// alone, then the transport is closed.
func (e Eviction) kick(c *client) {
	c.post(func() {
		if c.over {
			return
		}
		batch := batches.get()
		for _, at := range c.seats {
			if at.socket != nil {
				e.dismiss(batch, at.socket)
			}
		}
		batches.flush(batch)
		detail := e.Detail
		if detail == "" {
			detail = evicted
		}
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: detail})
	})
}

// closeAfterAnswer closes the transport behind what is queued, and says nothing: its client comes back.
func (e Eviction) closeAfterAnswer(c *client) {
	c.post(func() {
		if !c.over {
			c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: e.Detail, mustAsk: true})
		}
	})
}

// vacate runs in the gate after the server made a socket leave.
func (s *Socket) vacate() {
	if at := s.client.seats.find(s.namespace.name); at != nil && at.socket == s {
		at.socket = nil
	}
	s.client.left(s)
}
