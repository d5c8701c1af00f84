package msgpacket

import (
	"math"
	"strconv"

	"github.com/siohub/siohub/internal/placeholder"
)

// key writes the key of a map and the colon behind it. What is no text becomes the text that JavaScript makes of it
// when it is used as the name of a property.
func (t *transcoder) key() error {
	t.member = placeholder.Other
	if t.undefined() {
		t.out = append(t.out, `"undefined":`...)
		return nil
	}
	k, err := t.next()
	if err != nil {
		return err
	}
	if k.kind == strKind {
		raw := t.take(k)
		t.member = placeholder.MemberOf(raw)
		if err := t.text(raw); err != nil {
			return err
		}
		t.out = append(t.out, ':')
		return nil
	}
	t.out = append(t.out, '"')
	switch k.kind {
	case nilKind, boolKind, uintKind, intKind:
		t.out = appendSimple(t.out, k)
	case floatKind:
		t.out = appendFloatKey(t.out, math.Float64frombits(k.bits))
	default:
		return errKey
	}
	t.out = append(t.out, `":`...)
	return nil
}

func appendFloatKey(out []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, "NaN"...)
	case math.IsInf(f, 1):
		return append(out, "Infinity"...)
	case math.IsInf(f, -1):
		return append(out, "-Infinity"...)
	}
	return appendFloat(out, f)
}

// appendFloat writes a number as JSON.stringify does.
//
// Spec: ECMA-262, Number::toString.
func appendFloat(out []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case abs == 0:
		return append(out, '0') // JSON.stringify has no minus zero
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(out, "null"...)
	case abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(out, f, 'f', -1, 64)
	}
	out = strconv.AppendFloat(out, f, 'e', -1, 64)
	if n := len(out); n >= 4 && out[n-4] == 'e' && out[n-2] == '0' { // e-07 is e-7
		out[n-2] = out[n-1]
		out = out[:n-1]
	}
	return out
}
