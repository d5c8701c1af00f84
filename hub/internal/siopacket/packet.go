package siopacket

import "strconv"

// Type is the kind of a packet. The wire has two more numbers, 5 and 6: an Event and an Ack with
// attachments.
type Type byte

// The types, numbered as on the wire.
const (
	Connect Type = iota
	Disconnect
	Event
	Ack
	ConnectError
)

// binaryShift is the distance from Event to BINARY_EVENT and from Ack to BINARY_ACK.
const binaryShift = 3

// String is the protocol's name of the type.
func (t Type) String() string {
	switch t {
	case Connect:
		return "CONNECT"
	case Disconnect:
		return "DISCONNECT"
	case Event:
		return "EVENT"
	case Ack:
		return "ACK"
	case ConnectError:
		return "CONNECT_ERROR"
	}
	return "type " + strconv.Itoa(int(t))
}

// Packet is one Socket.IO packet, without the bytes of its attachments.
type Packet struct {
	Type Type
	// Own says of a decoded packet that its payload is the caller's own, and no part of the message.
	Own bool
	// Namespace has its leading slash; "/" is the main one and is never written.
	Namespace string
	// ID ties an Event to its Ack. The zero ID is none.
	ID ID
	// Attachments is how many binary messages follow an Event or Ack.
	Attachments int
	// Name is the event's name. Only for Event.
	Name string
	// Payload is JSON: the arguments without the name for Event (never empty: at least []), the
	// arguments for Ack, an object or nothing for Connect, an object or string for ConnectError.
	// Decoded, it is part of the message it came from unless Own is set.
	Payload []byte
}

// ID is an acknowledgement id as it stood on the wire: digits, with their leading zeros. The zero ID is
// none.
type ID struct {
	value uint64
	// width is the number of digits; 0 is no id. Invariant: width <= maxIDDigits.
	width uint8
}

// maxIDDigits bounds what a browser may send as id; it is the width of the largest uint64.
const maxIDDigits = 20

// NewID is the id of that value.
func NewID(value uint64) ID {
	id := ID{value: value, width: 1}
	for v := value; v >= 10; v /= 10 {
		id.width++
	}
	return id
}

// ParseID reads an id from its digits. False: it is not one, or more than 64 bits.
func ParseID(digits []byte) (id ID, ok bool) {
	id, rest, err := ackID(digits)
	return id, err == nil && len(rest) == 0 && !id.IsZero()
}

// IsZero reports whether there is no id.
func (id ID) IsZero() bool { return id.width == 0 }

// Value is the number that the digits mean.
func (id ID) Value() uint64 { return id.value }

// Append appends the digits, exactly as they came.
func (id ID) Append(buf []byte) []byte {
	if id.width == 0 {
		return buf
	}
	for n := NewID(id.value).width; n < id.width; n++ {
		buf = append(buf, '0')
	}
	return strconv.AppendUint(buf, id.value, 10)
}

// String is the digits.
func (id ID) String() string { return string(id.Append(nil)) }

// Parser is a wire form of packets. JSON is the default; package msgpacket has another. Parsers may be used
// at the same time.
type Parser interface {
	// Decode reads one message of a browser, which it may change in place. Of a parser whose attachments
	// travel inside the message, inline has them: all that the packet counts, and the caller's own.
	Decode(message []byte, binary bool) (p Packet, inline [][]byte, err error)
	// Size is about what Encode adds, for those who want to allocate once.
	Size(p Packet, attachments [][]byte) int
	// Encode appends the packet to buf, as text or binary message. separate reports whether the
	// attachments follow as messages of their own.
	Encode(buf []byte, p Packet, attachments [][]byte) (message []byte, binary, separate bool)
}
