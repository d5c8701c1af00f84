package eiopacket

import "encoding/base64"

// Decode3 is Decode for revision 3, where a binary message in text form has its type behind the b.
//
// Spec: engine.io-protocol v3, Packet.
func Decode3(text []byte) (Packet, error) {
	if len(text) == 0 || text[0] != binaryPrefix {
		return Decode(text)
	}
	if len(text) == 1 || text[1] != byte(Message) {
		return Packet{}, ErrType
	}
	data, err := decodeBase64(text[2:])
	return Packet{Type: Message, Binary: true, Data: data}, err
}

// DecodeBinary3 reads a packet in binary form of revision 3: a frame of a WebSocket, or the binary packet of a binary
// payload. Only messages have one. The data refers to data.
func DecodeBinary3(data []byte) (Packet, error) {
	switch {
	case len(data) == 0:
		return Packet{}, ErrEmpty
	case data[0] != binaryMessage3:
		return Packet{}, ErrType
	}
	return Packet{Type: Message, Binary: true, Data: data[1:]}, nil
}

// binaryMessage3 is the type of a message in binary form: its number, not the digit.
const binaryMessage3 = byte(Message - Open)

// AppendBinary3 appends a binary message in the binary form of revision 3.
func AppendBinary3(dst, data []byte) []byte { return append(append(dst, binaryMessage3), data...) }

// AppendBase64V3 appends a binary message in the text form of revision 3.
func AppendBase64V3(dst, data []byte) []byte {
	return base64.StdEncoding.AppendEncode(append(dst, binaryPrefix, byte(Message)), data)
}

// Base64LenV3 is the number of bytes that AppendBase64V3 appends for n bytes of data.
func Base64LenV3(n int) int { return 2 + base64.StdEncoding.EncodedLen(n) }
