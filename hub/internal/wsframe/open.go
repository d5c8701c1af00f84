package wsframe

import "encoding/binary"

// Message is what Next has taken. Where it has found control frames alone, there is no Data.
type Message struct {
	Binary bool
	Data   []byte
	// Pinged says that a ping has come, with this data. Of several the last one counts, as RFC 6455, 5.5.3 allows.
	Pinged bool
	Ping   string
}

// open takes the masks off whole frames that message has found to be as they should, and returns the message
// that they make, put together where the first of them stands, and how many of them were control frames.
func open(frames []byte) (m Message, control int, err error) {
	var ping [maxControl]byte // a copy: what follows is put together over it
	pinged := -1              // its length; negative: none came
	for len(frames) > 0 {
		h, _ := frameHeader(frames)
		key, payload := [4]byte(frames[h.length-4:h.length]), frames[h.length:][:h.size]
		frames = frames[h.length+int(h.size):]
		unmask(payload, key)
		if !h.data() {
			control++
		}
		switch h.opcode {
		case OpcodePong:
		case OpcodePing:
			pinged = copy(ping[:], payload)
		case OpcodeClose:
			return Message{}, control, readClose(payload)
		case OpcodeContinuation:
			m.Data = append(m.Data, payload...)
		default:
			m.Binary, m.Data = h.opcode == OpcodeBinary, payload
		}
	}
	if pinged >= 0 {
		m.Pinged, m.Ping = true, string(ping[:pinged])
	}
	return m, control, nil
}

// unmask takes a mask off, eight bytes at a time.
func unmask(p []byte, key [4]byte) {
	half := binary.LittleEndian.Uint32(key[:])
	if half == 0 {
		return
	}
	for whole := uint64(half)<<32 | uint64(half); len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^whole)
	}
	for i := range p {
		p[i] ^= key[i&3]
	}
}
