package eiopacket

import (
	"encoding/base64"
	"errors"
)

// Type is the type of a packet: the digit it starts with on the wire.
type Type byte

// The packet types.
//
// Spec: engine.io-protocol v4, Protocol.
const (
	// Open is the server's first packet; its data is an OpenData.
	Open Type = '0' + iota
	// Close asks for the end of the session.
	Close
	// Ping is the server's heartbeat, and with the data "probe" the browser's question at an upgrade.
	Ping
	// Pong answers a ping, with the same data.
	Pong
	// Message carries the application's data.
	Message
	// Upgrade ends the walk from polling to another transport.
	Upgrade
	// Noop ends a poll that has nothing to say.
	Noop
)

// Probe is the data of the ping and the pong of an upgrade.
const Probe = "probe"

// binaryPrefix starts a binary message in text form.
const binaryPrefix = 'b'

var (
	// ErrEmpty means that there is no packet where one should be.
	ErrEmpty = errors.New("eiopacket: empty packet")
	// ErrType means that the packet starts with none of the types.
	ErrType = errors.New("eiopacket: unknown packet type")
	// ErrBase64 means that a binary message in text form is not base64, see Decode.
	ErrBase64 = errors.New("eiopacket: bad base64")
)

// Packet is one Engine.IO packet.
type Packet struct {
	// Type is what the packet is for.
	Type Type
	// Binary says that a Message is binary. Other types are always text.
	Binary bool
	// Data is what follows the type. It may be empty.
	Data []byte
}

// Decode reads a packet in text form. The data refers to text, but for a binary message, which gets
// its own bytes: base64 in either alphabet, with or without padding and whitespace. The errors are ErrEmpty,
// ErrType and ErrBase64.
func Decode(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, ErrEmpty
	}
	switch t := text[0]; {
	case t >= byte(Open) && t <= byte(Noop):
		return Packet{Type: Type(t), Data: text[1:]}, nil
	case t == binaryPrefix:
		data, err := decodeBase64(text[1:])
		return Packet{Type: Message, Binary: true, Data: data}, err
	}
	return Packet{}, ErrType
}

// Append appends a packet in text form.
func Append(dst []byte, p Packet) []byte {
	if p.Binary {
		return AppendBinary(dst, p.Data)
	}
	return append(append(dst, byte(p.Type)), p.Data...)
}

// AppendBinary appends a binary message in text form.
func AppendBinary(dst, data []byte) []byte {
	return base64.StdEncoding.AppendEncode(append(dst, binaryPrefix), data)
}

// BinaryLen is the number of bytes that AppendBinary appends for n bytes of data.
func BinaryLen(n int) int { return 1 + base64.StdEncoding.EncodedLen(n) }

// IsMessage reports whether a packet in text form that begins like this is a message. Whatever else it may be is
// for the session itself.
func IsMessage(first byte) bool { return first == byte(Message) || first == binaryPrefix }
