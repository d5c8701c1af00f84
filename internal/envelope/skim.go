package envelope

import (
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// skim reads the few numbers that the answer to a refused action needs, and passes
// over everything else. It reads from gRPC's buffers as they are, so that an envelope
// that is too large is not copied.
type skim struct {
	buf  []byte          // what is read next
	rest mem.BufferSlice // what follows it
	left int             // bytes to the end of the message that is read
	bad  bool            // the message has ended too early, or has no sense
	ids  int             // of commands inside settlements that were kept, of all that was read
}

// over begins to read data.
func (s *skim) over(data mem.BufferSlice) {
	s.buf, s.rest, s.left, s.bad = nil, data, data.Len(), false
}

// overBytes begins to read b.
func (s *skim) overBytes(b []byte) { s.buf, s.rest, s.left, s.bad = b, nil, len(b), false }

func (s *skim) more() bool { return s.left > 0 && !s.bad }

// refill makes buf have something. The caller knows that there is more.
func (s *skim) refill() {
	for len(s.buf) == 0 {
		s.buf, s.rest = s.rest[0].ReadOnlyData(), s.rest[1:]
	}
}

// varint reads a number, or a tag.
func (s *skim) varint() (v uint64) {
	for shift := 0; s.left > 0 && shift < 70; shift += 7 {
		s.refill()
		c := s.buf[0]
		s.buf = s.buf[1:]
		s.left--
		if shift == 63 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	s.bad = true
	return 0
}

// pass passes over n bytes.
func (s *skim) pass(n uint64) {
	if n > uint64(s.left) {
		s.bad = true
		return
	}
	s.left -= int(n)
	for n > 0 {
		s.refill()
		k := min(n, uint64(len(s.buf)))
		s.buf = s.buf[k:]
		n -= k
	}
}

// tag reads what stands before a value.
func (s *skim) tag() (protowire.Number, protowire.Type) {
	num, typ := protowire.DecodeTag(s.varint())
	if num < protowire.MinValidNumber || num > protowire.MaxValidNumber {
		s.bad = true
		return 0, protowire.EndGroupType // which cannot be skipped
	}
	return num, typ
}

// skip passes over a value. Groups, which the contract does not have, end the
// reading.
func (s *skim) skip(typ protowire.Type) {
	switch typ {
	case protowire.VarintType:
		s.varint()
	case protowire.BytesType:
		s.pass(s.varint())
	case protowire.Fixed32Type:
		s.pass(4)
	case protowire.Fixed64Type:
		s.pass(8)
	default:
		s.bad = true
	}
}

// enter begins to read the message that is the next value. It returns how many bytes
// follow it, for leave.
func (s *skim) enter() (after int) {
	n := s.varint()
	if n > uint64(s.left) {
		s.bad = true
		return 0
	}
	after = s.left - int(n)
	s.left = int(n)
	return after
}

// leave ends the reading of a message, whether there was sense in it or not.
func (s *skim) leave(after int) {
	s.pass(uint64(s.left))
	s.left, s.bad = after, false
}

// envelope reads the numbers of an envelope, and calls entry for each action, until
// it says false.
func (s *skim) envelope(to *Request, entry func() bool) {
	for s.more() {
		switch num, typ := s.tag(); {
		case num == entries && typ == protowire.BytesType:
			after := s.enter()
			if s.bad || !entry() {
				return
			}
			s.leave(after)
		case num == envelopeSeq && typ == protowire.VarintType:
			to.EnvelopeSeq = s.varint()
		case num == ackSeq && typ == protowire.VarintType:
			to.AckEnvelopeSeq = s.varint()
		default:
			s.skip(typ)
		}
	}
}

// action reads what an action is.
func (s *skim) action(to *Bad) {
	for s.more() {
		num, typ := s.tag()
		f := actionSchema.field(num)
		if f == nil || typ != f.wire {
			s.skip(typ)
			continue
		}
		after := s.enter()
		if to.Kind = Kind(f.name); s.bad {
			return
		}
		switch to.Kind {
		case KindSettlement:
			s.settlement(to)
		case KindCommand:
			to.CommandID, to.DeliverySeq = s.command()
		}
		s.leave(after)
	}
}

// command reads the numbers of a command.
func (s *skim) command() (id, delivery uint64) {
	for s.more() {
		switch num, typ := s.tag(); {
		case typ == protowire.VarintType && num == commandID:
			id = s.varint()
		case typ == protowire.VarintType && num == commandDelivery:
			delivery = s.varint()
		default:
			s.skip(typ)
		}
	}
	return id, delivery
}

// settlement reads the number of a settlement, and of its commands.
func (s *skim) settlement(to *Bad) {
	for s.more() {
		num, typ := s.tag()
		switch {
		case typ == protowire.VarintType && num == settlementDelivery:
			to.DeliverySeq = s.varint()
		case typ == protowire.BytesType && num == settlementCommands:
			after := s.enter()
			if s.bad {
				return
			}
			if id, _ := s.command(); id != 0 && s.ids < MaxActions {
				s.ids++
				to.Commands = append(to.Commands, id)
			} else {
				to.SilentCommands++
			}
			s.leave(after)
		default:
			s.skip(typ)
		}
	}
}

// Numbers of the fields that are read.
const (
	commandID          protowire.Number = 1
	commandDelivery    protowire.Number = 2
	settlementDelivery protowire.Number = 1
	settlementCommands protowire.Number = 7
)
