package siopacket

// A binary argument leaves its seat in the JSON to a placeholder:
//
//	{"_placeholder":true,"num":0}        the seat of the first attachment
//
// In a packet with attachments every object whose `_placeholder` is true is one, at any depth; in a
// packet without, it is data like any other.

// seats counts the placeholders of a packet while its scanner walks.
type seats struct {
	// count is the number of attachments.
	count int
	// found counts placeholders.
	found int
	// open containers, innermost last.
	stack []seat
}

// seat is what is known of one open container.
type seat struct {
	member member
	marked bool
	// num is the value of `num`, -1 when it is missing or no non-negative integer.
	num int
}

// member is the key whose value comes next.
type member byte

const (
	otherKey member = iota
	markKey
	numKey
)

func (s *seats) open() {
	s.value(nil)
	s.stack = append(s.stack, seat{num: -1})
}

// close ends a container: if it is a placeholder its number has to be one of the attachments.
func (s *seats) close() error {
	last := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	if !last.marked {
		return nil
	}
	s.found++
	if last.num < 0 || last.num >= s.count || s.found > s.count {
		return ErrPlaceholder
	}
	return nil
}

// key notes the key of an object, quotes included. A key may be written with escapes.
func (s *seats) key(raw []byte) {
	at := &s.stack[len(s.stack)-1]
	at.member = otherKey
	if len(raw) > 6*len(`"_placeholder"`) {
		return
	}
	switch string(unquote(raw)) {
	case "_placeholder":
		at.member = markKey
	case "num":
		at.member = numKey
	}
}

func (s *seats) scalar(raw []byte) { s.value(raw) }

// value notes a member's value; nil stands for a container. The last of equal keys counts.
func (s *seats) value(raw []byte) {
	if len(s.stack) == 0 {
		return
	}
	at := &s.stack[len(s.stack)-1]
	switch at.member {
	case markKey:
		at.marked = string(raw) == "true"
	case numKey:
		at.num = smallNumber(raw)
	}
	at.member = otherKey
}

// smallNumber reads a number of at most three digits and nothing else; -1 for any other text.
func smallNumber(raw []byte) int {
	if len(raw) == 0 || len(raw) > 3 {
		return -1
	}
	n := 0
	for _, c := range raw {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
