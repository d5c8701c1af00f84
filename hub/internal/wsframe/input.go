package wsframe

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/unfinished"
)

const (
	// ReadSize is what one read asks of the kernel: as many bytes are free at least in what Input.Free returns.
	ReadSize = 4 << 10
	// MaxPooled is the largest buffer that goes back to a pool: one large message must not leave large
	// buffers behind for ever.
	MaxPooled = 64 << 10
)

// Input holds bytes of a WebSocket that have arrived and were not taken yet. Next finds out how many of
// them make a whole message; where that is not all there yet, nothing is taken. It is its reader's alone.
type Input struct {
	buf   []byte
	start int // buf[start:] has not been taken

	// Of the message that is coming in, from start.
	scanned   int   // its bytes in frames that are whole
	payload   int64 // of its data frames
	fragments int   // its data frames; not 0: a continuation is due

	controls int // control frames of what was taken last, see Controls

	// Counted while there is a budget, see Item.
	item   unfinished.Item
	budget *unfinished.Budget
}

// inputPool lends buffers for as long as bytes wait in them.
var inputPool = sync.Pool{New: func() any { return &Input{buf: make([]byte, 0, ReadSize)} }}

// NewInput borrows one.
func NewInput() *Input { return inputPool.Get().(*Input) }

// NewInputFrom borrows one that holds a copy of rest.
func NewInputFrom(rest []byte) *Input {
	b := NewInput()
	b.buf = append(b.buf, rest...)
	return b
}

// Over returns an Input that uses somebody else's space, until it needs more. It is not released.
func Over(space []byte) Input { return Input{buf: space[:0]} }

// Release gives the buffer back.
func (b *Input) Release() {
	if b.budget != nil {
		b.budget.End(&b.item)
	}
	if cap(b.buf) <= MaxPooled {
		*b = Input{buf: b.buf[:0]}
		inputPool.Put(b)
	}
}

// Bytes are those not taken yet.
func (b *Input) Bytes() []byte { return b.buf[b.start:] }

// Empty reports whether there are none.
func (b *Input) Empty() bool { return b.start == len(b.buf) }

// Take removes the first n bytes.
func (b *Input) Take(n int) {
	if b.start += n; b.Empty() {
		b.start, b.buf = 0, b.buf[:0]
	}
	b.scanned, b.payload, b.fragments = 0, 0, 0
}

// Discard removes all of them.
func (b *Input) Discard() { b.Take(len(b.Bytes())) }

// Free returns space to read into; Extend then says how much of it was filled.
func (b *Input) Free() []byte {
	if b.start > 0 && cap(b.buf)-len(b.buf) < ReadSize {
		b.buf = b.buf[:copy(b.buf, b.buf[b.start:])]
		b.start = 0
	}
	if cap(b.buf)-len(b.buf) < ReadSize {
		// By half, from the size of one read: a message that comes in slowly must not hold much more
		// than there is of it.
		bigger := make([]byte, len(b.buf), max(cap(b.buf)*3/2, len(b.buf)+2*ReadSize))
		copy(bigger, b.buf)
		b.buf = bigger
	}
	return b.buf[len(b.buf):cap(b.buf)]
}

// Extend takes in the first n bytes of what Free has returned.
func (b *Input) Extend(n int) { b.buf = b.buf[:len(b.buf)+n] }

// Item is the input's part of a budget of what is unfinished, and how many bytes it holds on to. The item ends with
// the input.
func (b *Input) Item(budget *unfinished.Budget) (item *unfinished.Item, bytes int64) {
	b.budget = budget
	return &b.item, int64(cap(b.buf))
}

// Controls is how many control frames were in what was taken last, the first time that it is asked.
func (b *Input) Controls() int {
	n := b.controls
	b.controls = 0
	return n
}

// Next takes one message, or the control frames that stand before one, from what has arrived; found says
// which. The message's data refers to the buffer and is valid until bytes are added to them. limit is the largest
// message. hold leaves messages where they are. Errors are a *Fault or a *Closed.
func (b *Input) Next(limit int64, hold bool) (m Message, found Portion, err error) {
	found, n, err := b.message(limit, hold)
	if err != nil || n == 0 {
		return m, found, err
	}
	frames := b.Bytes()[:n]
	b.Take(n)
	m, b.controls, err = open(frames)
	return m, found, err
}

// Begin copies how the message begins that is coming in, as much as there is of its first frame.
func (b *Input) Begin(into []byte) (n int, binary bool) {
	rest := b.Bytes()
	h, ok := frameHeader(rest)
	if !ok || !h.data() {
		return 0, false
	}
	n = copy(into[:min(int64(len(into)), h.size)], rest[h.length:])
	for i := range into[:n] {
		into[i] ^= rest[h.length-4+i%4]
	}
	return n, h.opcode == OpcodeBinary
}

// Portion is what Next has found.
type Portion uint8

// The portions.
const (
	Incomplete    Portion = iota // not yet enough of anything
	ControlFrames                // whole control frames, and as yet no message behind them
	Complete                     // a whole message, with the control frames before and within it
	Held                         // a message, whole or not, that has to wait
)

// message finds what can be taken, and how many bytes that is. limit is the largest message. hold leaves messages
// where they are, but nothing that stands before them. The error is a *Fault in the frames, found as soon as
// it can be seen.
func (b *Input) message(limit int64, hold bool) (Portion, int, error) {
	if hold && b.fragments > 0 { // it has begun to come in: once more from its beginning
		b.scanned, b.payload, b.fragments = 0, 0, 0
	}
	for {
		rest := b.buf[b.start+b.scanned:]
		h, ok := frameHeader(rest)
		if what := h.violation(b.fragments > 0); what != "" {
			return Incomplete, 0, violation(what)
		}
		switch {
		case !ok:
			found, n := b.soFar()
			return found, n, nil
		case h.size < 0, h.data() && h.size > limit-b.payload:
			return Incomplete, 0, ErrTooLarge
		case hold && h.data() && h.message(rest):
			if b.scanned > 0 {
				return ControlFrames, b.scanned, nil
			}
			return Held, 0, nil
		case h.size > int64(len(rest)-h.length):
			found, n := b.soFar()
			return found, n, nil
		}
		b.scanned += h.length + int(h.size)
		switch {
		case h.opcode == OpcodeClose, h.data() && h.final:
			return Complete, b.scanned, nil
		case !h.data():
			continue
		}
		b.payload += h.size
		if b.fragments++; TooManyFragments(b.fragments, b.payload) {
			return Incomplete, 0, ErrFragments
		}
	}
}

// soFar is the answer when the next frame is not whole. Pings between the fragments of a message wait for
// the rest of it.
func (b *Input) soFar() (Portion, int) {
	if b.scanned > 0 && b.fragments == 0 {
		return ControlFrames, b.scanned
	}
	return Incomplete, 0
}

// TooManyFragments reports whether a message comes in tiny fragments, each of which costs far more than its byte.
func TooManyFragments(fragments int, payload int64) bool { return int64(fragments) > 1024+payload/16 }
