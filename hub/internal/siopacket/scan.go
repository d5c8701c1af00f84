package siopacket

import (
	"encoding/binary"
	"math/bits"
)

// MaxDepth is the deepest nesting that the scanner can follow; Limits.Depth is at most that.
const MaxDepth = 512

// scanner walks over one JSON text and checks that it is well-formed, without unpacking it. The text has
// to be valid UTF-8 already.
type scanner struct {
	data []byte
	pos  int

	maxDepth int
	depth    int
	// objects has a bit for each open container: 1 for an object, 0 for an array.
	objects [MaxDepth / 64]uint64

	// elements counts what stands in the outermost array, less one: its commas.
	elements int
	// firstEnd is the position behind the outermost array's first element; 0 when it has none.
	firstEnd int

	// visitor is told of what is passed. Nil: nobody looks.
	visitor Visitor
}

// value scans one value, with the white space before it.
func (s *scanner) value() error {
	for {
		opened, err := s.begin()
		if err != nil {
			return err
		}
		if opened {
			continue
		}
		more, err := s.end()
		if err != nil || !more {
			return err
		}
	}
}

// begin scans a scalar, an empty container, or the opening of one up to its first value; only of the last
// it returns true.
func (s *scanner) begin() (opened bool, err error) {
	s.space()
	if s.pos == len(s.data) {
		return false, ErrSyntax
	}
	from := s.pos
	switch c := s.data[s.pos]; c {
	case '{':
		return s.open(true)
	case '[':
		return s.open(false)
	case '"':
		err = s.str()
	case 't':
		err = s.literal("true")
	case 'f':
		err = s.literal("false")
	case 'n':
		err = s.literal("null")
	default:
		err = s.number()
	}
	if s.visitor != nil && err == nil {
		s.visitor.Scalar(s.data[from:s.pos])
	}
	return false, err
}

// open enters a container. An empty one is left again at once.
func (s *scanner) open(object bool) (bool, error) {
	if s.depth >= s.maxDepth {
		return false, ErrDepth
	}
	word, bit := s.depth/64, uint64(1)<<(s.depth%64)
	s.depth++
	s.pos++
	s.objects[word] &^= bit
	closing := byte(']')
	if object {
		s.objects[word] |= bit
		closing = '}'
	}
	if s.visitor != nil {
		s.visitor.Open(object)
	}
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == closing {
		s.pos++
		return false, s.leave()
	}
	if object {
		return true, s.key()
	}
	return true, nil
}

// end goes on behind a value: out of the containers that end here, and to the next value if there is
// one.
func (s *scanner) end() (more bool, err error) {
	for s.depth > 0 {
		if s.depth == 1 && s.firstEnd == 0 {
			s.firstEnd = s.pos
		}
		s.space()
		if s.pos == len(s.data) {
			return false, ErrSyntax
		}
		c := s.data[s.pos]
		s.pos++
		object := s.inObject()
		switch {
		case c == ',':
			if s.depth == 1 {
				s.elements++
			}
			if object {
				s.space()
				return true, s.key()
			}
			return true, nil
		case c == '}' && object, c == ']' && !object:
			if err := s.leave(); err != nil {
				return false, err
			}
		default:
			return false, ErrSyntax
		}
	}
	return false, nil
}

func (s *scanner) leave() error {
	s.depth--
	if s.visitor != nil {
		return s.visitor.Close()
	}
	return nil
}

func (s *scanner) inObject() bool {
	at := s.depth - 1
	return s.objects[at/64]&(1<<(at%64)) != 0
}

// key scans an object's key and the colon behind it.
func (s *scanner) key() error {
	if s.pos == len(s.data) || s.data[s.pos] != '"' {
		return ErrSyntax
	}
	from := s.pos
	if err := s.str(); err != nil {
		return err
	}
	if s.visitor != nil {
		s.visitor.Key(s.data[from:s.pos])
	}
	s.space()
	if s.pos == len(s.data) || s.data[s.pos] != ':' {
		return ErrSyntax
	}
	s.pos++
	return nil
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) literal(word string) error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return ErrSyntax
	}
	s.pos += len(word)
	return nil
}

// str scans a string from quote to quote.
func (s *scanner) str() error {
	i := s.pos + 1
	for {
		i = plain(s.data, i)
		if i >= len(s.data) {
			return ErrSyntax
		}
		switch s.data[i] {
		case '"':
			s.pos = i + 1
			return nil
		case '\\':
			n := escapeLen(s.data[i:])
			if n == 0 {
				return ErrSyntax
			}
			i += n
		default: // a control character
			return ErrSyntax
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the position of the next quote, backslash or control character from i on. Eight bytes
// are looked at in one step, as long texts are mostly plain.
func plain(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte of x-ones borrows into its high bit exactly where x is 0 (or, for w itself,
		// below 0x20); bytes that have the high bit already are UTF-8 and plain. The lowest hit
		// is exact; higher ones may be false and are not looked at.
		hit := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
		if hit &= highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return i
}

// escapeLen is the length of the escape that data begins with, 0 for none.
func escapeLen(data []byte) int {
	if len(data) < 2 {
		return 0
	}
	switch data[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(data); ok {
			return 6
		}
	}
	return 0
}

// number scans -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() error {
	s.skip('-', '-')
	switch {
	case s.skip('0', '0'):
	case s.digits():
	default:
		return ErrSyntax
	}
	if s.skip('.', '.') && !s.digits() {
		return ErrSyntax
	}
	if s.skip('e', 'E') {
		s.skip('+', '-')
		if !s.digits() {
			return ErrSyntax
		}
	}
	return nil
}

// skip steps over one byte if it is a or b.
func (s *scanner) skip(a, b byte) bool {
	if s.pos < len(s.data) && (s.data[s.pos] == a || s.data[s.pos] == b) {
		s.pos++
		return true
	}
	return false
}

// digits steps over decimal digits and reports whether there was one.
func (s *scanner) digits() bool {
	from := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > from
}
