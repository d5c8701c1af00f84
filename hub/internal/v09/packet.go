package v09

import (
	"bytes"
	"errors"
	"strings"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Type is the type of a packet: the digit that it starts with.
type Type byte

// The types.
//
// Spec: socket.io-spec, Messages.
const (
	Disconnect Type = '0' + iota
	Connect
	Heartbeat
	Message
	JSON
	Event
	Ack
	Error
	Noop
)

// Packet is one packet of Socket.IO 0.9.
type Packet struct {
	Type Type
	// ID is what the other side is to acknowledge the packet with; the zero ID is none. Data says that it wants to give data
	// along, and so does that by itself: without it the receiver acknowledges that the packet has come.
	ID       siopacket.ID
	WithData bool
	// Endpoint is the namespace: "" is the main one. A decoded one has no query.
	Endpoint string
	// Query of a Connect, without its question mark.
	Query string
	// Data is the rest. It may be empty.
	Data []byte
}

// What a decoder refuses.
var (
	ErrType     = errors.New("v09: unknown packet type")
	ErrSyntax   = errors.New("v09: packet without its colons")
	ErrID       = errors.New("v09: packet id is no number of 64 bits")
	ErrEndpoint = errors.New("v09: endpoint is no path")
	ErrEvent    = errors.New("v09: event is no object with a name and a list of arguments")
	ErrJSON     = errors.New("v09: data is not well-formed JSON")
	ErrAck      = errors.New("v09: acknowledgement of nothing")
	ErrLength   = errors.New("v09: bad length in a payload")
	ErrPackets  = errors.New("v09: too many packets in a payload")
	ErrUTF8     = errors.New("v09: text is not UTF-8")
	ErrBinary   = errors.New("v09: binary message")
)

// Decode reads one packet. Its data refers to text.
func Decode(text []byte) (p Packet, err error) {
	switch {
	case len(text) == 0 || text[0] < byte(Disconnect) || text[0] > byte(Noop):
		return p, ErrType
	case len(text) == 1 || text[1] != ':':
		return p, ErrSyntax
	}
	p.Type = Type(text[0])
	id, rest, ok := bytes.Cut(text[2:], []byte{':'})
	if !ok {
		return p, ErrSyntax
	}
	id, p.WithData = bytes.CutSuffix(id, []byte{'+'})
	if p.ID, err = idOf(id); err != nil {
		return p, err
	}
	if p.WithData && p.ID.IsZero() {
		return p, ErrID
	}
	endpoint, data, _ := bytes.Cut(rest, []byte{':'})
	endpoint, query, _ := bytes.Cut(endpoint, []byte{'?'})
	if !validEndpoint(endpoint) {
		return p, ErrEndpoint
	}
	p.Endpoint, p.Data = string(endpoint), data
	if p.Type == Connect {
		if len(query) == 0 {
			query = bytes.TrimPrefix(data, []byte{'?'})
		}
		p.Query, p.Data = string(query), nil
	}
	return p, nil
}

// validEndpoint reports whether a namespace of today can have this name. "/" is the main one's, which has none here.
func validEndpoint(endpoint []byte) bool {
	return len(endpoint) == 0 || len(endpoint) > 1 && endpoint[0] == '/' && bytes.IndexByte(endpoint, ',') < 0
}

// idOf reads an id. Empty is none.
func idOf(digits []byte) (id siopacket.ID, err error) {
	if len(digits) == 0 {
		return id, nil
	}
	id, ok := siopacket.ParseID(digits)
	if !ok {
		return id, ErrID
	}
	return id, nil
}

// Append appends a packet.
func Append(dst []byte, p Packet) []byte {
	dst = append(dst, byte(p.Type), ':')
	dst = p.ID.Append(dst)
	if p.WithData {
		dst = append(dst, '+')
	}
	dst = append(append(dst, ':'), p.Endpoint...)
	if p.Query != "" {
		if strings.Contains(p.Query, ":") { // the reference takes it as data as well
			dst = append(dst, ':')
		}
		dst = append(append(dst, '?'), p.Query...)
	}
	if len(p.Data) > 0 {
		dst = append(append(dst, ':'), p.Data...)
	}
	return dst
}
