package socketio

import (
	"container/list"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// applicant is a client that waits to ask.
type applicant struct {
	client *client
	packet siopacket.Packet
	size   int64
	before *applicant // of the same client; owned by the holder of its gate

	// Guarded by admission.mu.
	share *share        // of its namespace; nil until it has room or waits
	place *list.Element // nil once it has its turn
}

// apply asks for room for a CONNECT, and lets the client wait with it where there is none. In the gate.
func (c *client) apply(p siopacket.Packet) {
	one := &applicant{client: c, packet: p, size: int64(len(p.Payload)) + attemptBytes}
	// Before it can have its turn: what is said of it then stands behind this in the gate.
	one.before, c.applicant = c.applicant, one
	c.asking()
	c.reads.hold(c.session, HoldNone, HoldAll)
	switch c.server.admission.admit(one) {
	case admitIn:
		c.admitted(one)
	case admitWaits:
		c.server.trace.limitReached("undecided")
	case admitRefused:
		c.server.trace.limitReached("undecided_bytes")
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "too many connect attempts wait for a decision"})
	}
}

// applies reports whether a CONNECT for a namespace waits. In the gate.
func (c *client) applies(namespace string) bool {
	for one := c.applicant; one != nil; one = one.before {
		if one.packet.Namespace == namespace {
			return true
		}
	}
	return false
}

// admitted goes on with the CONNECT of a client that has waited, and that has room now. In the gate.
func (c *client) admitted(one *applicant) {
	if c.over {
		c.server.admission.leave(one.share, one.size)
		return
	}
	c.forget(one)
	c.reads.hold(c.session, HoldAll, HoldNone)
	c.ask(one)
}

// withdraw ends the waiting of a client that is over. In the gate.
func (c *client) withdraw() {
	for one := c.applicant; one != nil; one = one.before {
		c.server.admission.withdraw(one) // who has its turn already gives it back in admitted
	}
	c.applicant = nil
}

// forget takes an applicant from those of its client.
func (c *client) forget(one *applicant) {
	for at := &c.applicant; *at != nil; at = &(*at).before {
		if *at == one {
			*at = one.before
			return
		}
	}
}
