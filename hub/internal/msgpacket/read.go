package msgpacket

import (
	"encoding/binary"
	"math"
)

// kind says what a value is.
type kind byte

const (
	invalidKind kind = iota
	nilKind
	boolKind
	uintKind
	intKind
	floatKind
	strKind
	binKind
	arrayKind
	mapKind
	extKind
	fixExtKind // an ext that has its length in its code
)

// token is a value, or its head when more belongs to it. It has no more fields than the compiler keeps in registers.
type token struct {
	kind kind
	// ext is the type of an ext.
	ext int8
	// n is the bytes of a str, bin or ext, the elements of an array, the pairs of a map.
	n int
	// bits are those of a number: an int is sign-extended, a float a float64. Of a bool 1 is true.
	bits uint64
}

// code is what a byte from 0xc0 to 0xdf begins.
type code struct {
	kind kind
	// width is the size in bytes of the number that follows: a value, or a length.
	width uint8
	// n is the length of an ext that has it in its code.
	n uint8
}

// firstCode is the first of codes. Below it are small values and short containers, above them small negative numbers.
const firstCode = 0xc0

// Spec: msgpack spec.md, Formats. 0xc1 is never used.
var codes = [32]code{
	{kind: nilKind}, {}, {kind: boolKind}, {kind: boolKind},
	{kind: binKind, width: 1}, {kind: binKind, width: 2}, {kind: binKind, width: 4},
	{kind: extKind, width: 1}, {kind: extKind, width: 2}, {kind: extKind, width: 4},
	{kind: floatKind, width: 4}, {kind: floatKind, width: 8},
	{kind: uintKind, width: 1}, {kind: uintKind, width: 2}, {kind: uintKind, width: 4}, {kind: uintKind, width: 8},
	{kind: intKind, width: 1}, {kind: intKind, width: 2}, {kind: intKind, width: 4}, {kind: intKind, width: 8},
	{kind: fixExtKind, n: 1}, {kind: fixExtKind, n: 2}, {kind: fixExtKind, n: 4}, {kind: fixExtKind, n: 8}, {kind: fixExtKind, n: 16},
	{kind: strKind, width: 1}, {kind: strKind, width: 2}, {kind: strKind, width: 4},
	{kind: arrayKind, width: 2}, {kind: arrayKind, width: 4},
	{kind: mapKind, width: 2}, {kind: mapKind, width: 4},
}

// reader reads values. Whatever it says of a length, so many bytes are there.
type reader struct {
	data []byte
	pos  int
}

func (r *reader) left() int { return len(r.data) - r.pos }

// next reads a value, of one with more to it the head.
func (r *reader) next() (token, error) {
	if r.pos >= len(r.data) {
		return token{}, errShort
	}
	c := r.data[r.pos]
	r.pos++
	switch {
	case c < 0x80:
		return token{kind: uintKind, bits: uint64(c)}, nil
	case c < 0x90:
		return r.sized(token{kind: mapKind, n: int(c & 0x0f)})
	case c < 0xa0:
		return r.sized(token{kind: arrayKind, n: int(c & 0x0f)})
	case c < firstCode:
		return r.sized(token{kind: strKind, n: int(c & 0x1f)})
	case c >= 0xe0:
		return token{kind: intKind, bits: uint64(int64(int8(c)))}, nil
	}
	return r.coded(c)
}

// coded reads on behind one of codes.
func (r *reader) coded(c byte) (token, error) {
	known := codes[c-firstCode]
	if r.left() < int(known.width) {
		return token{}, errShort
	}
	number := bigEndian(r.data[r.pos:], known.width)
	r.pos += int(known.width)
	t := token{kind: known.kind, bits: number}
	switch t.kind {
	case invalidKind:
		return token{}, errFormat
	case nilKind, uintKind:
		return t, nil
	case boolKind:
		t.bits = uint64(c & 1)
		return t, nil
	case intKind:
		unused := 64 - 8*known.width
		t.bits = uint64(int64(number<<unused) >> unused)
		return t, nil
	case floatKind:
		if known.width == 4 {
			t.bits = math.Float64bits(float64(math.Float32frombits(uint32(number))))
		}
		return t, nil
	case extKind, fixExtKind:
		if known.n > 0 {
			number = uint64(known.n)
		}
		if r.left() == 0 {
			return token{}, errShort
		}
		t.ext = int8(r.data[r.pos])
		r.pos++
	}
	t.n = int(number)
	return r.sized(t)
}

func bigEndian(b []byte, width uint8) uint64 {
	switch width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// sized takes a value with a length only if what it speaks of can be there.
func (r *reader) sized(t token) (token, error) {
	least := t.n
	if t.kind == mapKind {
		least = 2 * t.n
	}
	if least > r.left() {
		return token{}, errShort
	}
	return t, nil
}

// take returns what belongs to a str, bin or ext. It is part of the message.
func (r *reader) take(t token) []byte {
	from := r.pos
	r.pos += t.n
	return r.data[from:r.pos:r.pos]
}

// small steps over a value of one byte, if one comes next: messages of nothing else are the longest to read.
func (r *reader) small() bool {
	if r.pos >= len(r.data) {
		return false
	}
	switch c := r.data[r.pos]; {
	case c < 0x80, c >= 0xe0, c == firstCode, c == firstCode+2, c == firstCode+3:
		r.pos++
		return true
	}
	return false
}

// skip steps over one value, whatever is in it.
func (r *reader) skip() error {
	for left := 1; left > 0; left-- {
		if r.small() {
			continue
		}
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t.kind {
		case arrayKind:
			left += t.n
		case mapKind:
			left += 2 * t.n
		default:
			r.pos += t.n
		}
	}
	return nil
}

// undefined steps over the value that notepack.io writes for undefined, if it comes next.
func (r *reader) undefined() bool {
	const fixExt1 = 0xd4
	if r.left() < 3 || r.data[r.pos] != fixExt1 || r.data[r.pos+1] != 0 {
		return false
	}
	r.pos += 3
	return true
}

// whole is the value of a number without fraction and sign: JavaScript has but one kind of number.
func (t token) whole() (uint64, bool) {
	switch t.kind {
	case uintKind:
		return t.bits, true
	case intKind:
		return t.bits, int64(t.bits) >= 0
	case floatKind:
		const safe = 1 << 53
		f := math.Float64frombits(t.bits)
		return uint64(max(0, min(f, safe))), f >= 0 && f < safe && f == math.Trunc(f)
	}
	return 0, false
}
