package siopacket

import "github.com/siohub/siohub/internal/placeholder"

// seats checks the placeholders of a packet with attachments while its scanner walks. In a packet
// without, they are data like any other.
type seats struct {
	check placeholder.Check
	// stack has the open containers, innermost last.
	stack []seat
}

// seat is what is known of one open container.
type seat struct {
	object placeholder.Object
	// member is the one whose value comes next.
	member placeholder.Member
}

// Open implements Visitor.
func (s *seats) Open(bool) {
	s.value(nil)
	s.stack = append(s.stack, seat{})
}

// Close implements Visitor. It ends a container: if it is a placeholder its number has to be one of the attachments.
func (s *seats) Close() error {
	last := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	if !s.check.Object(last.object) {
		return ErrPlaceholder
	}
	return nil
}

// Key implements Visitor: it notes the key of an object, quotes included. A key may be written with escapes.
func (s *seats) Key(raw []byte) {
	at := &s.stack[len(s.stack)-1]
	if len(raw) > placeholder.LongestName {
		at.member = placeholder.Other
		return
	}
	at.member = placeholder.MemberOf(Unquote(raw))
}

// Scalar implements Visitor.
func (s *seats) Scalar(raw []byte) { s.value(raw) }

// value notes a member's value; nil stands for a container.
func (s *seats) value(raw []byte) {
	if len(s.stack) == 0 {
		return
	}
	at := &s.stack[len(s.stack)-1]
	at.object.Value(at.member, raw)
	at.member = placeholder.Other
}
