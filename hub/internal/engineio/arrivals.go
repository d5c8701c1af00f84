package engineio

import (
	"encoding/binary"
	"sync"

	"github.com/siohub/siohub/hub/internal/unfinished"
)

// arrivals are bytes of a WebSocket that have arrived and were not taken yet. message finds out how many of
// them make a whole message; where that is not all there yet, nothing is taken.
type arrivals struct {
	buf   []byte
	start int // buf[start:] has not been taken

	// Of the message that is coming in, from start.
	looked  int   // its bytes in frames that are whole
	payload int64 // of its data frames
	pieces  int   // its data frames; not 0: a continuation is due

	controls int // control frames of the portion that was taken last

	// Counted while there is a budget. See reader.count.
	item   unfinished.Item
	budget *unfinished.Budget
}

// arrivalPool lends buffers for as long as bytes wait in them.
var arrivalPool = sync.Pool{New: func() any { return &arrivals{buf: make([]byte, 0, readBuffer)} }}

func newArrivals() *arrivals { return arrivalPool.Get().(*arrivals) }

// release gives the buffer back.
func (a *arrivals) release() {
	if a.budget != nil {
		a.budget.End(&a.item)
	}
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
	later                   // a message, whole or not, that is held back
)

// message finds what can be taken, and how many bytes that is. limit is the largest message. hold keeps messages
// back, but nothing that stands before them. The error is a *fault in the frames, found as soon as
// it can be seen.
func (a *arrivals) message(limit int64, hold bool) (portion, int, error) {
	if hold && a.pieces > 0 { // it has begun to come in: once more from its beginning
		a.looked, a.payload, a.pieces = 0, 0, 0
	}
	for {
		rest := a.buf[a.start+a.looked:]
		h, ok := frameHeader(rest)
		if what := h.odd(a.pieces > 0); what != "" {
			return nothing, 0, protocolFault(what)
		}
		switch {
		case !ok:
			found, n := a.soFar()
			return found, n, nil
		case h.size < 0, h.data() && h.size > limit-a.payload:
			return nothing, 0, errTooLarge
		case hold && h.data() && h.message(rest):
			if a.looked > 0 {
				return controls, a.looked, nil
			}
			return later, 0, nil
		case h.size > int64(len(rest)-h.length):
			found, n := a.soFar()
			return found, n, nil
		}
		a.looked += h.length + int(h.size)
		switch {
		case h.opcode == opClose, h.data() && h.final:
			return whole, a.looked, nil
		case !h.data():
			continue
		}
		a.payload += h.size
		if a.pieces++; tooManyPieces(a.pieces, a.payload) {
			return nothing, 0, errFragments
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

// maxControl is the largest payload of a control frame.
//
// Spec: RFC 6455, 5.5.
const maxControl = 125

// Opcodes of RFC 6455, 5.2.
const (
	opContinuation = 0
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

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

// odd says what is wrong with a frame by its first two bytes, "" for nothing. within says that a message has
// begun and not ended.
//
// Spec: RFC 6455, 5.2, 5.4, 5.5.
func (h header) odd(within bool) string {
	switch {
	case !h.seen:
		return ""
	case h.reserved:
		return "a reserved bit is set"
	case !h.masked:
		return "not masked"
	case h.opcode > opPong, h.data() && h.opcode > opBinary:
		return "unknown opcode"
	case !h.data() && !h.final:
		return "control frame in pieces"
	case !h.data() && h.length > 6:
		return "control frame with more than 125 bytes"
	case h.data() && within && h.opcode != opContinuation:
		return "message within a message"
	case h.data() && !within && h.opcode == opContinuation:
		return "continuation of nothing"
	}
	return ""
}
