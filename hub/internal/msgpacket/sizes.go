package msgpacket

import (
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/placeholder"
)

// sizes looks through JSON before it is written: MessagePack says how much is in a container before what is in it,
// and a placeholder is known as one only at its end. It is a siopacket.Visitor.
type sizes struct {
	// attachments is how many there are. Without any, placeholders are data.
	attachments int
	// list has the number of elements or pairs of each container, in the order in which they begin. Of the
	// placeholder of attachment n it is -1-n.
	list []int32
	open []size
}

// size is an open container.
type size struct {
	at     int // in list
	object bool
	member placeholder.Member
	look   placeholder.Object
}

var _ siopacket.Visitor = (*sizes)(nil)

// Open implements siopacket.Visitor.
func (s *sizes) Open(object bool) {
	s.value(nil)
	s.open = append(s.open, size{at: len(s.list), object: object})
	s.list = append(s.list, 0)
}

// Key implements siopacket.Visitor.
func (s *sizes) Key(raw []byte) {
	in := &s.open[len(s.open)-1]
	s.list[in.at]++
	if s.attachments > 0 && len(raw) <= placeholder.LongestName {
		in.member = placeholder.MemberOf(siopacket.Unquote(raw))
	}
}

// Scalar implements siopacket.Visitor.
func (s *sizes) Scalar(raw []byte) { s.value(raw) }

// value notes a value; nil stands for a container.
func (s *sizes) value(raw []byte) {
	if len(s.open) == 0 {
		return
	}
	in := &s.open[len(s.open)-1]
	if !in.object {
		s.list[in.at]++
		return
	}
	in.look.Value(in.member, raw)
	in.member = placeholder.Other
}

// Close implements siopacket.Visitor.
func (s *sizes) Close() error {
	in := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	if n, is := in.look.Number(); is && n >= 0 && n < s.attachments {
		s.list[in.at] = int32(-1 - n)
	}
	return nil
}
