package msgpacket

import (
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

var _ siopacket.Visitor = (*writer)(nil)

// Open implements siopacket.Visitor.
func (w *writer) Open(object bool) {
	size := int(w.sizes.list[w.next])
	w.next++
	switch {
	case w.hidden > 0:
		w.hidden++
	case size < 0:
		w.hidden = 1
		w.binary(w.attachments[-1-size])
	case object:
		_ = w.encoder.EncodeMapLen(size)
	case w.named:
		w.named = false
		_ = w.encoder.EncodeArrayLen(1 + size)
		_ = w.encoder.EncodeString(w.event)
	default:
		_ = w.encoder.EncodeArrayLen(size)
	}
}

// Close implements siopacket.Visitor.
func (w *writer) Close() error {
	if w.hidden > 0 {
		w.hidden--
	}
	return nil
}

// Key implements siopacket.Visitor.
func (w *writer) Key(raw []byte) {
	if w.hidden == 0 {
		w.text(siopacket.Unquote(raw))
	}
}

// Scalar implements siopacket.Visitor.
func (w *writer) Scalar(raw []byte) {
	if w.hidden > 0 {
		return
	}
	switch raw[0] {
	case '"':
		w.text(siopacket.Unquote(raw))
	case 't', 'f':
		_ = w.encoder.EncodeBool(raw[0] == 't')
	case 'n':
		_ = w.encoder.EncodeNil()
	default:
		w.number(string(raw))
	}
}

// text writes a str. The encoder would want a string, which costs a copy.
func (w *writer) text(b []byte) { w.out = append(appendTextHead(w.out, len(b)), b...) }

func (w *writer) binary(b []byte) {
	_ = w.encoder.EncodeBytesLen(len(b)) // EncodeBytes makes nil of no bytes
	w.out = append(w.out, b...)
}

// number writes digits that are a whole number of 64 bits as one, and anything else as JavaScript understands it.
func (w *writer) number(text string) {
	if whole(text) {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			_ = w.encoder.EncodeInt(n)
			return
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			_ = w.encoder.EncodeUint(n)
			return
		}
	}
	f, _ := strconv.ParseFloat(text, 64) // an infinity beyond the range, as JSON.parse has it
	_ = w.encoder.EncodeFloat64(f)
}

// whole reports whether a number is written without fraction and exponent. Minus zero has no integer.
func whole(text string) bool {
	const most = len("-9223372036854775808") // and of 18446744073709551615
	return len(text) <= most && text != "-0" && !strings.ContainsAny(text, ".eE")
}
