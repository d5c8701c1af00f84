package msgpacket

import (
	"bytes"
	"math"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/placeholder"
)

// transcoder makes JSON and attachments of values. It belongs to one Decode at a time, and is used again.
type transcoder struct {
	reader

	// set by begin
	limits siopacket.Limits
	most   int64 // bytes of JSON and attachments

	// alone says that nothing can go beside the JSON, so that binary has to be said in it.
	alone bool

	out    []byte
	inline [][]byte
	// attached is the size of inline.
	attached int64
	levels   []level
	// member is what the key means that was read last. Its value comes next.
	member placeholder.Member
}

// level is an open container.
type level struct {
	left    int // elements or pairs that are still to come
	object  bool
	written bool // something stands in it already
	look    placeholder.Object
}

var transcoders = sync.Pool{New: func() any { return new(transcoder) }}

func (t *transcoder) begin(m *Parser, data []byte) {
	t.reader = reader{data: data}
	t.limits, t.most = m.limits, m.eventBytes
}

// release gives the transcoder back. What it handed out is the receiver's.
func (t *transcoder) release() {
	const most = 64 << 10 // a larger buffer is not worth keeping
	out := t.out[:0]
	if cap(out) > most {
		out = nil
	}
	*t = transcoder{out: out, levels: t.levels[:0]}
	transcoders.Put(t)
}

// value writes one value, whatever is in it.
func (t *transcoder) value() error {
	if err := t.one(); err != nil {
		return err
	}
	return t.rest()
}

// array writes the next n values as an array.
func (t *transcoder) array(n int) error {
	if err := t.open(token{kind: arrayKind, n: n}); err != nil {
		return err
	}
	return t.rest()
}

// rest goes on until every container has ended.
func (t *transcoder) rest() error {
	for len(t.levels) > 0 {
		at := &t.levels[len(t.levels)-1]
		var err error
		if at.left == 0 {
			err = t.close()
		} else {
			at.left--
			err = t.element(at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// element writes the next element of an array, or member of a map.
func (t *transcoder) element(at *level) error {
	before := len(t.out)
	if at.written {
		t.out = append(t.out, ',')
	}
	if at.object {
		if err := t.key(); err != nil {
			return err
		}
		if t.undefined() { // JSON.stringify leaves the member out
			t.out = t.out[:before]
			t.member = placeholder.Other
			return nil
		}
	}
	at.written = true
	return t.one()
}

// longest is what most values take at most: a number of 24 characters, a date, a placeholder.
const longest = 64

// one writes a value, of a container the bracket.
func (t *transcoder) one() error {
	v, err := t.next()
	if err != nil {
		return err
	}
	// Of an array n is its elements: each is one byte of JSON at least.
	if t.exceeds(v.n) {
		return errSize
	}
	t.grow(longest)
	from := len(t.out)
	switch v.kind {
	case arrayKind, mapKind:
		return t.open(v)
	case binKind:
		return t.binary(t.take(v))
	case extKind, fixExtKind:
		return t.extension(v)
	case strKind:
		err = t.text(t.take(v))
	case floatKind:
		t.out = appendFloat(t.out, math.Float64frombits(v.bits))
	default:
		t.out = appendSimple(t.out, v)
	}
	t.note(t.out[from:])
	return err
}

// appendSimple writes the values that JSON has as well.
func appendSimple(out []byte, v token) []byte {
	switch v.kind {
	case boolKind:
		return strconv.AppendBool(out, v.bits == 1)
	case uintKind:
		return strconv.AppendUint(out, v.bits, 10)
	case intKind:
		return strconv.AppendInt(out, int64(v.bits), 10)
	}
	return append(out, "null"...)
}

func (t *transcoder) text(raw []byte) error {
	if !utf8.Valid(raw) {
		return errText
	}
	const piece = 4096 // as one byte may become six
	t.out = append(t.out, '"')
	for len(raw) > piece {
		t.grow(6 * piece)
		t.out = siopacket.AppendEscaped(t.out, raw[:piece])
		if raw = raw[piece:]; t.exceeds(len(raw)) {
			return errSize
		}
	}
	t.out = append(siopacket.AppendEscaped(t.out, raw), '"')
	return nil
}

// exceeds reports whether there is too much with n bytes more.
func (t *transcoder) exceeds(n int) bool { return int64(len(t.out)+n)+t.attached > t.most }

// grow makes room for n bytes and, as more will follow, for as much as there is.
func (t *transcoder) grow(n int) {
	if cap(t.out)-len(t.out) < n {
		const beyond = 32 << 10 // what is written before somebody sees that it is too much
		enough := int64(n + len(t.out))
		out := make([]byte, len(t.out), max(enough, min(enough+int64(len(t.out)), t.most+beyond)))
		copy(out, t.out)
		t.out = out
	}
}

// payload is what was written, in bytes of its own.
func (t *transcoder) payload() ([]byte, error) {
	if t.exceeds(0) {
		return nil, errSize
	}
	return bytes.Clone(t.out), nil
}

// note tells the container around it of a value; nil stands for one that is no scalar.
func (t *transcoder) note(raw []byte) {
	if n := len(t.levels); n > 0 && t.member != placeholder.Other {
		t.levels[n-1].look.Value(t.member, raw)
	}
	t.member = placeholder.Other
}

func (t *transcoder) open(v token) error {
	if len(t.levels) >= t.limits.Depth {
		return siopacket.ErrDepth
	}
	t.note(nil)
	object, bracket := v.kind == mapKind, byte('[')
	if object {
		bracket = '{'
	}
	t.out = append(t.out, bracket)
	t.levels = append(t.levels, level{left: v.n, object: object})
	return nil
}

// close ends a container. A map may not be what the hub itself puts in the place of an attachment: a service could
// not tell them apart.
func (t *transcoder) close() error {
	last := t.levels[len(t.levels)-1]
	t.levels = t.levels[:len(t.levels)-1]
	if _, is := last.look.Number(); is && !t.alone {
		return errSeat
	}
	bracket := byte(']')
	if last.object {
		bracket = '}'
	}
	t.out = append(t.out, bracket)
	return nil
}

// binary makes an attachment, and writes its placeholder.
func (t *transcoder) binary(raw []byte) error {
	t.note(nil)
	if t.alone {
		if t.exceeds(2 * len(raw)) { // a digit and a comma for each byte at least
			return errSize
		}
		t.out = appendBuffer(t.out, raw)
		return nil
	}
	if len(t.inline) >= t.limits.Attachments {
		return siopacket.ErrAttachments
	}
	t.out = placeholder.Append(t.out, len(t.inline))
	t.inline = append(t.inline, append(make([]byte, 0, len(raw)), raw...))
	t.attached += int64(len(raw))
	return nil
}
