package socketio

import (
	"time"

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

// Outcome says what became of a command: Matched = Queued + Dropped.
type Outcome struct {
	Matched, Queued, Dropped int
}

func (o *Outcome) add(done bool) {
	o.Matched++
	if done {
		o.Queued++
	} else {
		o.Dropped++
	}
}
