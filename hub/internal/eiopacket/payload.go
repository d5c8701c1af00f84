package eiopacket

import "bytes"

// Separator joins the packets of a payload.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Packet encoding.
const Separator = '\x1e'

// Cut splits a payload after its first packet, in text form. more says that a separator was found,
// so that rest holds at least one further packet, which may be empty and is then for Decode to
// refuse.
func Cut(payload []byte) (packet, rest []byte, more bool) {
	if i := bytes.IndexByte(payload, Separator); i >= 0 {
		return payload[:i], payload[i+1:], true
	}
	return payload, nil, false
}

// AppendPayload appends the packets as a payload. Nothing is appended for no packets.
func AppendPayload(dst []byte, packets ...Packet) []byte {
	for i, p := range packets {
		if i > 0 {
			dst = append(dst, Separator)
		}
		dst = Append(dst, p)
	}
	return dst
}

// DecodePayload reads all packets of a payload. At the first error it returns the packets before it
// and the error. It is meant for tests and tools: a server takes packets off with Cut.
func DecodePayload(payload []byte) ([]Packet, error) {
	var packets []Packet
	for more := true; more; {
		var text []byte
		text, payload, more = Cut(payload)
		p, err := Decode(text)
		if err != nil {
			return packets, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}
