package engineio

import (
	"encoding/binary"
	"sync"
)

// arrivals are bytes of a WebSocket that have arrived and that gorilla has not taken yet. message finds
// out, by a look at the frame headers, how many of them make a whole message, so that gorilla can be
// run over that without ever having to wait. What the frames mean, and whether they may, is gorilla's to
// say: message only stops early where gorilla is going to refuse.
type arrivals struct {
	buf   []byte
	start int // buf[start:] has not been taken

	// Of the message that is coming in, from start.
	looked  int   // its bytes in frames that are whole
	payload int64 // of its data frames
	pieces  int   // its data frames; not 0: a continuation is due
}

// arrivalPool lends buffers for as long as bytes wait in them.
var arrivalPool = sync.Pool{New: func() any { return &arrivals{buf: make([]byte, 0, readBuffer)} }}

func newArrivals() *arrivals { return arrivalPool.Get().(*arrivals) }

// release gives the buffer back.
func (a *arrivals) release() {
	if cap(a.buf) <= maxPooled {
		*a = arrivals{buf: a.buf[:0]}
		arrivalPool.Put(a)
	}
}

// bytes are those not taken yet.
func (a *arrivals) bytes() []byte { return a.buf[a.start:] }

func (a *arrivals) empty() bool { return a.start == len(a.buf) }

// take removes the first n bytes.
func (a *arrivals) take(n int) {
	if a.start += n; a.empty() {
		a.start, a.buf = 0, a.buf[:0]
	}
	a.looked, a.payload, a.pieces = 0, 0, 0
}

// room returns free space to read into; extend then says how much of it was filled.
func (a *arrivals) room() []byte {
	if a.start > 0 && cap(a.buf)-len(a.buf) < readBuffer {
		a.buf = a.buf[:copy(a.buf, a.buf[a.start:])]
		a.start = 0
	}
	if cap(a.buf)-len(a.buf) < readBuffer {
		// By half, from the size of one read: a message that comes in slowly must not hold much more
		// than there is of it.
		bigger := make([]byte, len(a.buf), max(cap(a.buf)*3/2, len(a.buf)+2*readBuffer))
		copy(bigger, a.buf)
		a.buf = bigger
	}
	return a.buf[len(a.buf):cap(a.buf)]
}

func (a *arrivals) extend(n int) { a.buf = a.buf[:len(a.buf)+n] }

// copyOf returns a copy of what is left, in a buffer of its own.
func copyOf(rest []byte) *arrivals {
	a := newArrivals()
	a.buf = append(a.buf, rest...)
	return a
}

// portion is what message found.
type portion uint8

const (
	nothing  portion = iota // not yet enough of anything
	controls                // whole control frames, and as yet no message behind them
	whole                   // a whole message, with the control frames before and within it
	refused                 // something that gorilla refuses as soon as it sees its header
	later                   // a message, whole or not, that is held back
)

// message finds what can be handed to gorilla, and how many bytes that is. limit is the largest message.
// hold keeps messages back, but nothing that stands before them.
func (a *arrivals) message(limit int64, hold bool) (portion, int) {
	if hold && a.pieces > 0 { // it has begun to come in: once more from its beginning
		a.looked, a.payload, a.pieces = 0, 0, 0
	}
	for {
		rest := a.buf[a.start+a.looked:]
		h, ok := frameHeader(rest)
		switch {
		case !ok && h.odd(a.pieces > 0):
			return refused, len(a.bytes())
		case !ok:
			return a.soFar()
		case h.odd(a.pieces > 0), h.data() && h.size > limit-a.payload:
			return refused, len(a.bytes())
		case hold && h.data() && h.message(rest):
			if a.looked > 0 {
				return controls, a.looked
			}
			return later, 0
		case h.size > int64(len(rest)-h.length):
			return a.soFar()
		}
		a.looked += h.length + int(h.size)
		switch {
		case h.opcode == opClose:
			return whole, a.looked
		case !h.data():
			continue
		case h.final:
			return whole, a.looked
		}
		a.payload += h.size
		if a.pieces++; tooManyPieces(a.pieces, a.payload) {
			return refused, len(a.bytes())
		}
	}
}

// soFar is the answer when the next frame is not whole. Pings between the pieces of a message wait for
// the rest of it.
func (a *arrivals) soFar() (portion, int) {
	if a.looked > 0 && a.pieces == 0 {
		return controls, a.looked
	}
	return nothing, 0
}

// tooManyPieces says that a message comes in crumbs, each of which costs far more than its byte.
func tooManyPieces(pieces int, payload int64) bool { return int64(pieces) > 1024+payload/16 }

// Opcodes of RFC 6455, 5.2.
const (
	opContinuation = 0
	opBinary       = 2
	opClose        = 8
	opPong         = 10
)

// header is a frame's header.
type header struct {
	opcode          byte
	final, reserved bool // reserved: one of the RSV bits
	masked          bool
	seen            bool  // the first two bytes are there
	length          int   // of the header itself, with the mask
	size            int64 // of the payload; negative: more than there can be
}

// frameHeader reads a frame's header. False means that it is not all there.
func frameHeader(p []byte) (h header, ok bool) {
	if len(p) < 2 {
		return h, false
	}
	h = header{
		opcode: p[0] & 0xf, final: p[0]&finalBit != 0, reserved: p[0]&0x70 != 0,
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
func (h header) data() bool { return h.opcode < opClose }

// message reports whether the data frame at the beginning of p starts a message, and not another packet of
// Engine.IO: those are as short as can be.
func (h header) message(p []byte) bool {
	switch {
	case h.opcode == opBinary, !h.final, h.size > int64(len(p)-h.length) && h.size > 125:
		return true
	}
	return h.size > 0 && len(p) > h.length && isMessage(p[h.length]^p[h.length-4])
}

// odd reports whether gorilla refuses the frame for its first two bytes; within says that a message has
// begun and not ended.
func (h header) odd(within bool) bool {
	switch {
	case !h.seen:
		return false
	case h.reserved, !h.masked, h.size < 0:
		return true
	case h.data():
		return h.opcode > opBinary || (h.opcode == opContinuation) != within
	}
	return h.opcode > opPong || !h.final || h.size > 125
}
