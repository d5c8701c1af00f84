package socketio

import (
	"container/list"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// applicant is a client with a CONNECT that is to be asked about, and waits where there is no room for it.
type applicant struct {
	client *client
	packet siopacket.Packet
	size   int64      // what it counts in admission
	before *applicant // of the same client; owned by the holder of its gate

	// Guarded by admission.mu.
	share *share        // of its namespace; nil until it has room or waits
	place *list.Element // nil once it has its turn
}

// applicants are the CONNECTs of one client that wait for room: mostly none does, and one keeps it from sending more.
// Owned by the holder of its gate.
type applicants struct{ last *applicant }

// apply asks for room for a CONNECT, and lets the client wait with it where there is none. In the gate.
func (one *applicant) apply() {
	c := one.client
	// Before it can have its turn: what is said of it then stands behind this in the gate.
	one.before, c.applicants.last = c.applicants.last, one
	c.clock.pause()
	c.reads.hold(c.session, HoldNone, HoldAll)
	switch c.server.admission.admit(one) {
	case admitIn:
		one.admitted()
	case admitWaits:
		c.server.trace.limitReached("undecided")
	case admitRefused:
		c.server.trace.limitReached("undecided_bytes")
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "too many connect attempts wait for a decision"})
	}
}

// admitted goes on with the CONNECT of a client that has waited, and that has room now. In the gate.
func (one *applicant) admitted() {
	c := one.client
	if c.over {
		c.server.admission.leave(one.share, one.size)
		return
	}
	c.applicants.forget(one)
	c.reads.hold(c.session, HoldAll, HoldNone)
	one.ask()
}

// have reports whether a CONNECT for a namespace waits.
func (l *applicants) have(namespace string) bool {
	for one := l.last; one != nil; one = one.before {
		if one.packet.Namespace == namespace {
			return true
		}
	}
	return false
}

// withdraw ends the waiting of a client that is over.
func (l *applicants) withdraw(a *admission) {
	for one := l.last; one != nil; one = one.before {
		a.withdraw(one) // who has its turn already gives it back in admitted
	}
	l.last = nil
}

// forget takes out one that waits no longer.
func (l *applicants) forget(one *applicant) {
	for at := &l.last; *at != nil; at = &(*at).before {
		if *at == one {
			*at = one.before
			return
		}
	}
}
