package socketio

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// arrival is an accepted attempt on its way in. Its methods are called in the gate.
type arrival struct {
	attempt    *Attempt
	socket     *Socket
	batch      *engineio.Batch
	acceptance Acceptance
}

// bringIn makes the socket one that receives, with what it had where it was here before. It reports false if it
// is not to be let in.
func (in arrival) bringIn() bool {
	a, s, c := in.attempt, in.socket, in.attempt.client
	if a.reserved != nil && !c.over && in.restore() {
		return true
	}
	if in.acceptance.OnlyRecovered {
		in.turnAway()
		return false
	}
	if a.reserved != nil {
		s.id = newID() // the other one was its session's
	}
	if c.over {
		a.reserved.end(RecoveryGone)
		s.close(*c.end)
		return true
	}
	r := s.namespace.recovering
	r.lock()
	if r != nil && !c.old() {
		r.begin(s, in.acceptance)
	}
	in.sit()
	s.membership.begin(s, in.acceptance.Rooms, in.say)
	r.unlock()
	c.server.notes.tell()
	return true
}

// turnAway closes a client whose session has gone while it was to be taken up, and which nobody has let in anew.
func (in arrival) turnAway() {
	c := in.attempt.client
	defer c.server.lives.Done()
	if c.over {
		in.attempt.reserved.end(RecoveryGone)
	}
	c.server.namespaces.release(in.socket.namespace)
	if !c.over {
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "its session has gone"})
	}
}

// sit puts the socket in the place of its attempt.
func (in arrival) sit() {
	c, s := in.attempt.client, in.socket
	c.seats.find(s.namespace.name).sit(s)
	c.user.joined(s)
	c.joined()
}

// say queues CONNECT. With Socket.mu held, once the socket can be found: its browser may read CONNECT at once, where a writer
// is at work, and whoever hears of it then finds the socket; what is sent to it meanwhile waits for the lock, and comes behind.
func (in arrival) say() {
	c, s := in.attempt.client, in.socket
	var payload []byte
	if !c.old() {
		payload = append([]byte(`{"sid":"`), s.id...)
		if s.recovery != nil {
			payload = append(append(payload, `","pid":"`...), s.recovery.PID()...)
		}
		payload = append(payload, `"}`...)
	}
	c.send(in.batch, siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace.name, Payload: payload})
}
