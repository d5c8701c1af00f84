package wsframe

import (
	"encoding/binary"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// maxControl is the largest payload of a control frame.
//
// Spec: RFC 6455, 5.5.
const maxControl = 125

// header is a frame's header.
type header struct {
	opcode          byte
	final, reserved bool // reserved: one of the RSV bits
	masked          bool
	seen            bool  // the first two bytes are there
	length          int   // of the header itself, with the mask; more than 6: the size has a field of its own
	size            int64 // of the payload; negative: more than there can be
}

// frameHeader reads a frame's header. False means that it is not all there.
func frameHeader(p []byte) (h header, ok bool) {
	if len(p) < 2 {
		return h, false
	}
	h = header{
		opcode: p[0] & 0xf, final: p[0]&FinalBit != 0, reserved: p[0]&0x70 != 0,
		masked: p[1]&0x80 != 0, seen: true, length: 6, size: int64(p[1] & 0x7f),
	}
	switch h.size {
	case 126:
		h.length = 8
	case 127:
		h.length = 14
	}
	if len(p) < h.length {
		return h, false
	}
	switch h.length {
	case 8:
		h.size = int64(binary.BigEndian.Uint16(p[2:]))
	case 14:
		h.size = int64(binary.BigEndian.Uint64(p[2:]))
	}
	return h, true
}

// data reports whether the frame is part of a message.
func (h header) data() bool { return h.opcode < OpcodeClose }

// message reports whether the data frame at the beginning of p starts a message, and not another packet of
// Engine.IO: those are as short as can be.
func (h header) message(p []byte) bool {
	switch {
	case h.opcode == OpcodeBinary, !h.final, h.size > int64(len(p)-h.length) && h.size > 125:
		return true
	}
	return h.size > 0 && len(p) > h.length && eiopacket.IsMessage(p[h.length]^p[h.length-4])
}

// violation says what is wrong with a frame by its first two bytes, "" for nothing. within says that a message has
// begun and not ended.
//
// Spec: RFC 6455, 5.2, 5.4, 5.5.
func (h header) violation(within bool) string {
	switch {
	case !h.seen:
		return ""
	case h.reserved:
		return "a reserved bit is set"
	case !h.masked:
		return "not masked"
	case h.opcode > OpcodePong, h.data() && h.opcode > OpcodeBinary:
		return "unknown opcode"
	case !h.data() && !h.final:
		return "fragmented control frame"
	case !h.data() && h.length > 6:
		return "control frame with more than 125 bytes"
	case h.data() && within && h.opcode != OpcodeContinuation:
		return "message within a message"
	case h.data() && !within && h.opcode == OpcodeContinuation:
		return "continuation of nothing"
	}
	return ""
}
