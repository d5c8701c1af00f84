package engineio

import (
	"encoding/binary"
	"sync"

	"github.com/siohub/siohub/hub/internal/unfinished"
)

// inputBuffer holds bytes of a WebSocket that have arrived and were not taken yet. message finds out how many of
// them make a whole message; where that is not all there yet, nothing is taken.
type inputBuffer struct {
	buf   []byte
	start int // buf[start:] has not been taken

	// Of the message that is coming in, from start.
	scanned   int   // its bytes in frames that are whole
	payload   int64 // of its data frames
	fragments int   // its data frames; not 0: a continuation is due

	controls int // control frames of what was taken last

	// Counted while there is a budget. See pollReader.count.
	item   unfinished.Item
	budget *unfinished.Budget
}

// inputPool lends buffers for as long as bytes wait in them.
var inputPool = sync.Pool{New: func() any { return &inputBuffer{buf: make([]byte, 0, readBuffer)} }}

func newInput() *inputBuffer { return inputPool.Get().(*inputBuffer) }

// release gives the buffer back.
func (b *inputBuffer) release() {
	if b.budget != nil {
		b.budget.End(&b.item)
	}
	if cap(b.buf) <= maxPooled {
		*b = inputBuffer{buf: b.buf[:0]}
		inputPool.Put(b)
	}
}

// bytes are those not taken yet.
func (b *inputBuffer) bytes() []byte { return b.buf[b.start:] }

func (b *inputBuffer) empty() bool { return b.start == len(b.buf) }

// take removes the first n bytes.
func (b *inputBuffer) take(n int) {
	if b.start += n; b.empty() {
		b.start, b.buf = 0, b.buf[:0]
	}
	b.scanned, b.payload, b.fragments = 0, 0, 0
}

// discard removes all of them.
func (b *inputBuffer) discard() { b.take(len(b.bytes())) }

// free returns space to read into; extend then says how much of it was filled.
func (b *inputBuffer) free() []byte {
	if b.start > 0 && cap(b.buf)-len(b.buf) < readBuffer {
		b.buf = b.buf[:copy(b.buf, b.buf[b.start:])]
		b.start = 0
	}
	if cap(b.buf)-len(b.buf) < readBuffer {
		// By half, from the size of one read: a message that comes in slowly must not hold much more
		// than there is of it.
		bigger := make([]byte, len(b.buf), max(cap(b.buf)*3/2, len(b.buf)+2*readBuffer))
		copy(bigger, b.buf)
		b.buf = bigger
	}
	return b.buf[len(b.buf):cap(b.buf)]
}

func (b *inputBuffer) extend(n int) { b.buf = b.buf[:len(b.buf)+n] }

// newInputFrom returns a copy of what is left, in a buffer of its own.
func newInputFrom(rest []byte) *inputBuffer {
	b := newInput()
	b.buf = append(b.buf, rest...)
	return b
}

// portion is what message found.
type portion uint8

const (
	incomplete    portion = iota // not yet enough of anything
	controlFrames                // whole control frames, and as yet no message behind them
	complete                     // a whole message, with the control frames before and within it
	held                         // a message, whole or not, that has to wait
)

// message finds what can be taken, and how many bytes that is. limit is the largest message. hold leaves messages
// where they are, but nothing that stands before them. The error is a *fault in the frames, found as soon as
// it can be seen.
func (b *inputBuffer) message(limit int64, hold bool) (portion, int, error) {
	if hold && b.fragments > 0 { // it has begun to come in: once more from its beginning
		b.scanned, b.payload, b.fragments = 0, 0, 0
	}
	for {
		rest := b.buf[b.start+b.scanned:]
		h, ok := frameHeader(rest)
		if what := h.violation(b.fragments > 0); what != "" {
			return incomplete, 0, protocolFault(what)
		}
		switch {
		case !ok:
			found, n := b.soFar()
			return found, n, nil
		case h.size < 0, h.data() && h.size > limit-b.payload:
			return incomplete, 0, errTooLarge
		case hold && h.data() && h.message(rest):
			if b.scanned > 0 {
				return controlFrames, b.scanned, nil
			}
			return held, 0, nil
		case h.size > int64(len(rest)-h.length):
			found, n := b.soFar()
			return found, n, nil
		}
		b.scanned += h.length + int(h.size)
		switch {
		case h.opcode == opClose, h.data() && h.final:
			return complete, b.scanned, nil
		case !h.data():
			continue
		}
		b.payload += h.size
		if b.fragments++; tooManyFragments(b.fragments, b.payload) {
			return incomplete, 0, errFragments
		}
	}
}

// soFar is the answer when the next frame is not whole. Pings between the fragments of a message wait for
// the rest of it.
func (b *inputBuffer) soFar() (portion, int) {
	if b.scanned > 0 && b.fragments == 0 {
		return controlFrames, b.scanned
	}
	return incomplete, 0
}

// tooManyFragments reports whether a message comes in tiny fragments, each of which costs far more than its byte.
func tooManyFragments(fragments int, payload int64) bool { return int64(fragments) > 1024+payload/16 }

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
	case h.opcode > opPong, h.data() && h.opcode > opBinary:
		return "unknown opcode"
	case !h.data() && !h.final:
		return "fragmented control frame"
	case !h.data() && h.length > 6:
		return "control frame with more than 125 bytes"
	case h.data() && within && h.opcode != opContinuation:
		return "message within a message"
	case h.data() && !within && h.opcode == opContinuation:
		return "continuation of nothing"
	}
	return ""
}
