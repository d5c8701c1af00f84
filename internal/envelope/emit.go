package envelope

import (
	"sync"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// emission has all messages of a command that is an emit.
type emission struct {
	hubv1.Action
	kind    hubv1.Action_Command
	command hubv1.Command
	op      hubv1.Command_Emit
	emit    hubv1.Emit
	target  hubv1.Target
	payload hubv1.Payload
}

// emissions are those that were given back.
var emissions = sync.Pool{New: func() any { return new(emission) }}

// emission decodes an action that is a hot emit, or returns nil: then check and protobuf have to decide. Nothing of it is a
// part of b, unless it fills half of the envelope.
func (d *upward) emission(b []byte) *emission {
	r := reader{b: b}
	if r.varint() != uint64(tagActionCommand) {
		return nil
	}
	b = r.bytes()
	if r.bad || r.more() {
		return nil
	}
	to := emissions.Get().(*emission)
	if !d.whole(b, to) {
		*to = emission{}
		emissions.Put(to)
		return nil
	}
	to.op.Emit = &to.emit
	to.command.Op = &to.op
	to.kind.Command = &to.command
	to.Kind = &to.kind
	return to
}

// whole decodes the command of an emission.
func (d *upward) whole(b []byte, to *emission) bool {
	var emit []byte
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagCommandID):
			to.command.CommandId = r.varint()
		case uint64(tagCommandDelivery):
			to.command.DeliverySeq = r.varint()
		case uint64(tagCommandEmit):
			emit = r.message(emit)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	return emit != nil && d.emit(emit, to)
}

func (d *upward) emit(b []byte, to *emission) bool {
	var target, payload []byte
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagEmitTarget):
			target = r.message(target)
		case uint64(tagEmitEvent):
			to.emit.Event = r.text()
		case uint64(tagEmitPayload):
			payload = r.message(payload)
		case uint64(tagEmitVolatile):
			to.emit.Volatile = r.varint() != 0
		case uint64(tagEmitNoCompress):
			to.emit.NoCompress = r.varint() != 0
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	elements := 0
	if target != nil {
		to.emit.Target = &to.target
		if !decodeTarget(target, &to.target, &elements) {
			return false
		}
	}
	if payload != nil {
		to.emit.Payload = &to.payload
		if !decodePayload(payload, &to.payload) || len(to.payload.Attachments) > MaxNames {
			return false
		}
		to.payload.Args = own(to.payload.Args, d.size)
		ownAttachments(&to.payload, d.size)
		elements += len(to.payload.Attachments)
	}
	if d.check.elements+elements > MaxElements {
		return false
	}
	d.check.elements += elements
	return true
}

// decodeTarget decodes a target of sockets, rooms and users, and counts them.
func decodeTarget(b []byte, to *hubv1.Target, elements *int) bool {
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagTargetNamespace):
			to.Namespace = r.text()
		case uint64(tagTargetSocket):
			to.Sockets = append(to.Sockets, r.text())
			*elements++
		case uint64(tagTargetRoom):
			to.Rooms = append(to.Rooms, r.text())
			*elements++
		case uint64(tagTargetUser):
			to.Users = append(to.Users, r.text())
			*elements++
		case uint64(tagTargetAll):
			to.All = r.varint() != 0
		default:
			return false
		}
		if r.bad || *elements > MaxNames {
			return false
		}
	}
	return true
}

// text reads a string. One that is not UTF-8 makes the reader bad.
func (r *reader) text() string {
	v := r.bytes()
	if !utf8.Valid(v) {
		r.b, r.bad = nil, true
		return ""
	}
	return string(v)
}
