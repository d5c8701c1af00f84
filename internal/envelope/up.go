package envelope

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// upward decodes one envelope of a service.
type upward struct {
	check check
	skim  skim
	// Settlements share their allocations: the hub carries them out one after the
	// other, at once.
	slab []action
	left int // actions that are not decoded yet
	size int // of the envelope
}

// decode decodes an envelope. What is wrong with it stands in the request.
func (to *Request) decode(data mem.BufferSlice) {
	to.Reset()
	d := upward{size: data.Len()}
	if d.size > MaxBytes {
		d.refuseAll(data, to)
		return
	}
	if len(data) > 1 {
		// Nothing of it is carried out if there are too many: it is not copied before that is known.
		if to.tooMany(data); to.Err != nil {
			return
		}
	}
	// The actions lie in this copy.
	b := data.Materialize()
	n, unknown := to.head(b)
	if to.Err != nil {
		return
	}
	if n > cap(to.Actions) {
		to.Actions = make([]Action, 0, n)
	}
	d.left = n
	for r := (reader{b: b}); r.more(); {
		num, typ := r.tag()
		if num != entries || typ != protowire.BytesType {
			r.skip(num, typ)
			continue
		}
		to.Actions = append(to.Actions, d.action(r.bytes(), unknown))
		d.left--
		if to.Pace != nil {
			to.Pace.Pause()
		}
	}
}

// head reads the numbers of an envelope and counts its actions, before anything is
// allocated for them. It sees whether there are fields that are not known.
func (to *Request) head(b []byte) (n int, unknown bool) {
	r := reader{b: b}
	for r.more() && n <= MaxActions {
		switch num, typ := r.tag(); {
		case num == entries && typ == protowire.BytesType:
			r.bytes()
			n++
		case num == envelopeSeq && typ == protowire.VarintType:
			to.EnvelopeSeq = r.varint()
		case num == ackSeq && typ == protowire.VarintType:
			to.AckEnvelopeSeq = r.varint()
		default:
			r.skip(num, typ)
			unknown = true
		}
	}
	to.judge(n, r.bad, len(b))
	return n, unknown
}

// tooMany reads the numbers of an envelope and counts its actions as gRPC has read it.
func (to *Request) tooMany(data mem.BufferSlice) {
	n := 0
	var s skim
	s.over(data)
	s.envelope(to, func() bool {
		n++
		return n <= MaxActions
	})
	if n > MaxActions {
		to.judge(n, false, data.Len())
	}
}

// judge sets Err.
func (to *Request) judge(n int, bad bool, size int) {
	switch {
	case bad:
		to.Err = fmt.Errorf("%w: an envelope of %d bytes, behind action %d", ErrMalformed, size, n)
	case n > MaxActions:
		to.Err = fmt.Errorf("%w: more than %d in an envelope of %d bytes", ErrTooManyActions, MaxActions, size)
	}
}

// Numbers of the fields of an envelope.
const (
	envelopeSeq protowire.Number = 1
	ackSeq      protowire.Number = 2
	entries     protowire.Number = 3
)

// action decodes an action. Unknown says that the envelope has a field that the hub
// does not know: whatever it means for the actions, they are not carried out without
// it.
func (d *upward) action(b []byte, unknown bool) Action {
	if !unknown && len(b) > 0 && b[0] == tagActionSettlement {
		if len(d.slab) == 0 {
			d.slab = make([]action, min(d.left, slabSize))
		}
		to := &d.slab[0]
		if d.settlement(b, to) {
			d.slab = d.slab[1:]
			return Action{Action: &to.Action}
		}
		*to = action{}
	}
	if !unknown {
		if e := d.emission(b); e != nil {
			return Action{Action: &e.Action, whole: e}
		}
	}
	kind, ok := d.check.action(b)
	if !ok {
		return Action{Bad: d.refuse(b, d.check.reason, d.check.path)}
	}
	if unknown && kind != KindHello {
		return Action{Bad: d.refuse(b, UnknownField, "")}
	}
	// What is not known has been refused, or is in a hello.
	a := &hubv1.Action{}
	if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, a) != nil {
		return Action{Bad: d.refuse(b, Malformed, "")}
	}
	return Action{Action: a, BadSubscriptions: d.check.bad}
}

// refuse reads what the answer to an action needs.
func (d *upward) refuse(b []byte, reason, path string) *Bad {
	bad := &Bad{Reason: reason, Field: path}
	d.skim.overBytes(b)
	d.skim.action(bad)
	return bad
}

// refuseAll refuses the actions of an envelope that is too large. It is not copied.
func (d *upward) refuseAll(data mem.BufferSlice, to *Request) {
	n := 0
	d.skim.over(data)
	d.skim.envelope(to, func() bool {
		n++
		return n <= MaxActions
	})
	if to.judge(n, d.skim.bad, d.size); to.Err != nil {
		return
	}
	bads := make([]Bad, n)
	to.Actions = make([]Action, 0, n)
	d.skim.over(data)
	d.skim.envelope(to, func() bool {
		bad := &bads[len(to.Actions)]
		bad.Reason = EnvelopeTooLarge
		d.skim.action(bad)
		to.Actions = append(to.Actions, Action{Bad: bad})
		return true
	})
}
