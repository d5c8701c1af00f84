package eiopacket

import "encoding/binary"

// Over WebTransport packets follow one another on a stream, each behind a header that says what it is and how long:
//
//	+-+-------------+  B: binary message, without a type; else a packet in text form
//	|B|     len     |  len < 126
//	+-+-------------+---------------+
//	|B|     126     |  len, 2 bytes |
//	+-+-------------+---------------+--- … ---+
//	|B|     127     |  len, 8 bytes           |
//	+-+-------------+---------------- … ------+
//
// Bytes of len are in network order. A length need not be in its shortest form: the reference's own decoder takes any.
//
// Source: reference 1.11.

// MaxStreamHeader is the length of the longest header.
const MaxStreamHeader = 9

const (
	streamBinary = 0x80
	streamLen16  = 126
	streamLen64  = 127
)

// StreamHeader stands before a packet on a stream. Len is as sent, and so may be anything: zero, which is no packet, or
// more than there is memory.
type StreamHeader struct {
	Binary bool
	Len    uint64
}

// DecodeStreamHeader reads a header at the beginning of b. n is how long it is; zero: b ends within it. It never fails.
func DecodeStreamHeader(b []byte) (h StreamHeader, n int) {
	if len(b) == 0 {
		return StreamHeader{}, 0
	}
	h.Binary = b[0]&streamBinary != 0
	switch short := b[0] &^ streamBinary; {
	case short < streamLen16:
		h.Len, n = uint64(short), 1
	case short == streamLen16 && len(b) >= 3:
		h.Len, n = uint64(binary.BigEndian.Uint16(b[1:])), 3
	case short == streamLen64 && len(b) >= MaxStreamHeader:
		h.Len, n = binary.BigEndian.Uint64(b[1:]), MaxStreamHeader
	default:
		return StreamHeader{}, 0
	}
	return h, n
}

// AppendStreamHeader appends a header in its shortest form.
func AppendStreamHeader(dst []byte, h StreamHeader) []byte {
	first := byte(0)
	if h.Binary {
		first = streamBinary
	}
	switch {
	case h.Len < streamLen16:
		return append(dst, first|byte(h.Len))
	case h.Len < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, first|streamLen16), uint16(h.Len))
	}
	return binary.BigEndian.AppendUint64(append(dst, first|streamLen64), h.Len)
}
