package v09

import (
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// translator turns the packets of one client into those of Engine.IO 4 and Socket.IO 5, and back. It is a value that is
// told of packets and keeps what they lead to: up for the server, down for the client. Guarded by link.mu.
type translator struct {
	// Set at construction.
	json    *siopacket.JSON
	dropped func(p siopacket.Packet, err error) // what is told of what the client cannot be sent
	refused func(key string)                    // what is told of a namespace that is refused for a limit
	// A client may be in so many namespaces, and asks for longer names in vain.
	namespaces, namespaceBytes int
	maxPayload                 int64 // of a packet on the way up, which may be longer than what it was made of

	up        []byte   // packets of Engine.IO, each behind its eiopacket.StreamHeader
	down      [][]byte // packets of 0.9
	downBytes int      // of down, with packetCost for each
	// endpoints are those that the client has asked for, and is not refused.
	endpoints map[string]standing
	held      []heldPacket
	heldBytes int // of held
	// beating says that the client has not answered the latest heartbeat.
	beating bool
	// later is what is to be told once link.mu is not held: it may write a log, and that may wait.
	later []func()
	// over says that the last packet is in down.
	over bool
	// left says that the client has ended the session, or was told to leave.
	left bool
}

// standing is how far a client has come in a namespace.
type standing uint8

const (
	asked   standing = iota // what it sends there is held, as it would be lost, and the session with it, if it is refused
	passing                 // it has sent more than is held
	joined
)

// heldPacket is a message of Engine.IO.
type heldPacket struct {
	endpoint string
	text     []byte
}

const (
	// heldBytes is how much is held for endpoints that are not decided about. What goes beyond it is passed on, where the hub
	// has bounds of its own.
	heldBytes = 64 << 10
	// packetCost is what a packet counts beside its bytes.
	packetCost = 64
)

// begin asks for the main namespace, which nobody has to.
func (t *translator) begin() {
	t.endpoints = map[string]standing{"": asked}
	t.send(siopacket.Packet{Type: siopacket.Connect, Namespace: mainNamespace})
}

const mainNamespace = "/"

// namespaceOf is the name that an endpoint has today.
func namespaceOf(endpoint string) string {
	if endpoint == "" {
		return mainNamespace
	}
	return endpoint
}

// endpointOf is the name that a namespace has in 0.9.
func endpointOf(namespace string) string {
	if namespace == mainNamespace {
		return ""
	}
	return namespace
}

// pass puts a packet of Engine.IO, in text form, on the way up.
func (t *translator) pass(packet []byte) {
	t.up = eiopacket.AppendStreamHeader(t.up, eiopacket.StreamHeader{Len: uint64(len(packet))})
	t.up = append(t.up, packet...)
}

// send puts a packet of Socket.IO on the way up.
func (t *translator) send(p siopacket.Packet) { t.pass(messageOf(p)) }

// messageOf is a packet of Socket.IO as a message of Engine.IO.
func messageOf(p siopacket.Packet) []byte {
	return siopacket.Append(append(make([]byte, 0, 1+siopacket.Size(p)), byte(eiopacket.Message)), p)
}

// reply puts a packet on the way down.
func (t *translator) reply(p Packet) {
	text := Append(nil, p)
	t.down = append(t.down, text)
	t.downBytes += len(text) + packetCost
}

// welcomeAgain tells a client that it is in the main namespace, before all else.
func (t *translator) welcomeAgain() {
	text := Append(nil, Packet{Type: Connect})
	if len(t.down) > 0 && string(t.down[0]) == string(text) {
		return
	}
	t.down = append([][]byte{text}, t.down...)
	t.downBytes += len(text) + packetCost
}

// hold keeps a message until its endpoint is decided about.
func (t *translator) hold(endpoint string, text []byte) {
	if t.heldBytes+len(text)+packetCost > heldBytes {
		t.endpoints[endpoint] = passing
		t.release(endpoint, true)
		t.pass(text)
		return
	}
	t.held = append(t.held, heldPacket{endpoint, text})
	t.heldBytes += len(text) + packetCost
}

// release sends on what is held for an endpoint, or drops it, which is charged for all the same.
func (t *translator) release(endpoint string, send bool) {
	rest := t.held[:0]
	for _, h := range t.held {
		if h.endpoint != endpoint {
			rest = append(rest, h)
			continue
		}
		t.heldBytes -= len(h.text) + packetCost
		if send {
			t.pass(h.text)
		} else {
			t.charge(h.text)
		}
	}
	clear(t.held[len(rest):])
	if t.held = rest; len(rest) == 0 {
		t.held = nil
	}
}
