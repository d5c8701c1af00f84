package engineio

import "encoding/binary"

// The parts of a frame's header that a server sends: it never masks and never fragments.
//
// Spec: RFC 6455, 5.2.
const (
	finalBit = 0x80 // the only or last frame of a message
	opText   = 1    // and opBinary

	// FrameHeadroom is the longest header of a frame: what NewMessage needs free in front.
	FrameHeadroom = 10
)

// headerLen is the length of the header in front of so many bytes.
func headerLen(payload int) int {
	switch {
	case payload < 126:
		return 2
	case payload < 1<<16:
		return 4
	}
	return FrameHeadroom
}

// putHeader writes the header of a whole message into b, which has headerLen bytes for it.
func putHeader(b []byte, opcode byte, payload int) {
	b[0] = finalBit | opcode
	switch {
	case payload < 126:
		b[1] = byte(payload)
	case payload < 1<<16:
		b[1] = 126
		binary.BigEndian.PutUint16(b[2:], uint16(payload))
	default:
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(payload))
	}
}
