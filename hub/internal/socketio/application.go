package socketio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Application is the port upwards. Its methods never block; for one client they are called one at a time.
type Application interface {
	// Knows reports whether a namespace exists.
	Knows(namespace string) bool
	// Connect asks for a decision.
	Connect(*Attempt)
	// Connected says that a socket has joined.
	Connected(*Socket)
	// Event hands over what a socket's browser emitted. Its bytes belong to the callee.
	Event(*Socket, Event)
	// Disconnected says that a socket has left. It comes exactly once for each Connected.
	Disconnected(*Socket, Disconnect)
}

// Watcher is told more, under the rule of Application. Calls about a socket or attempt are made in its client's
// gate; those about rooms and users come one at a time for one name.
type Watcher interface {
	// RoomsChanged says what a socket joined and left, between its Connected and its Disconnected.
	RoomsChanged(*Socket, RoomsChange)
	// Upgraded says that a socket's session has moved to another transport than polling.
	Upgraded(*Socket)
	// RoomOccupied says that a room has its first member, or none any more; UserPresent does for users.
	RoomOccupied(namespace, room string, occupied bool)
	UserPresent(namespace, user string, present bool)
	// AttemptGone says that a browser has left before the answer.
	AttemptGone(*Attempt)
	// ConnectRefused says that a client was not let into a namespace; why is one of the Refused constants.
	ConnectRefused(h *request.Handshake, namespace, why, message string)
	// EventDropped says that a policy dropped an event; reason is one of the Drop constants.
	EventDropped(s *Socket, event, reason string)
}

// RoomsChange is what became of a socket's rooms, in sum: no room stands in both, and one that was joined and left
// stands in Left.
type RoomsChange struct {
	Joined, Left []string
	Version      uint64
}

// Event is what a browser emitted.
type Event struct {
	// Name may be any text.
	Name string
	// Args is the JSON array without the name; Attachments belong to its placeholders.
	Args        []byte
	Attachments [][]byte
	// ID is what the answer has to carry. Zero: none is wanted.
	ID siopacket.ID
	// ReceiveTime is when it had arrived whole.
	ReceiveTime time.Time
}

// Outcome says what became of a command: Matched = Queued + Dropped. Stored counts beside them the sessions that are
// away and for which it was done, or kept until they come back.
type Outcome struct {
	Matched, Queued, Dropped, Stored int
}

func (o *Outcome) add(done bool) {
	o.Matched++
	if done {
		o.Queued++
	} else {
		o.Dropped++
	}
}
