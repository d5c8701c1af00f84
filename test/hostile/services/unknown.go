package services

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// spot is a message somewhere inside an action: reach makes all that surrounds it.
type spot struct {
	path  string
	desc  protoreflect.MessageDescriptor
	reach func(protoreflect.Message) protoreflect.Message
}

// spots are all messages inside one, by the contract's descriptors: a message that is
// added to the contract has its rows.
func spots(s spot) []spot {
	all := []spot{s}
	fields := s.desc.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.Message() == nil {
			continue
		}
		all = append(all, spots(spot{s.path + "." + string(fd.Name()), fd.Message(), func(root protoreflect.Message) protoreflect.Message {
			m := s.reach(root)
			if fd.IsList() {
				return m.Mutable(fd).List().AppendMutable().Message()
			}
			return m.Mutable(fd).Message()
		}})...)
	}
	return all
}

// unknownInputs put into each message that an action can have a field and an enum value
// that the hub does not know, and a string that is not UTF-8. The action is refused
// whole, and the stream lives.
func unknownInputs() []hostile.Input {
	var all []hostile.Input
	kinds := (&hubv1.Action{}).ProtoReflect().Descriptor().Fields()
	for i := range kinds.Len() {
		kind := kinds.Get(i)
		if kind.Name() == "hello" {
			continue // passed over there
		}
		top := spot{string(kind.Name()), kind.Message(), func(root protoreflect.Message) protoreflect.Message { return root.Mutable(kind).Message() }}
		for _, s := range spots(top) {
			all = append(all, strangeInputs(s)...)
		}
	}
	return all
}

// strangeInputs are the rows of one message.
func strangeInputs(s spot) []hostile.Input {
	var all []hostile.Input
	add := func(what string, change func(protoreflect.Message), code string) {
		all = append(all, hostile.Input{Name: what + " in " + s.path, Allow: refusals(s.path, code), Attack: func(p *hostile.Probe) hostile.Outcome {
			a := Attached(p)
			action := &hubv1.Action{}
			change(s.reach(action.ProtoReflect()))
			numbered(action)
			return a.refused(action)
		}})
	}
	add("unknown field", func(m protoreflect.Message) { m.SetUnknown(unknownField) }, "UNIMPLEMENTED")
	fields := s.desc.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.Enum() != nil && !fd.IsList():
			add("unknown "+string(fd.Name()), func(m protoreflect.Message) { m.Set(fd, protoreflect.ValueOfEnum(99)) }, "UNIMPLEMENTED")
		case fd.Kind() == protoreflect.StringKind:
			raw := protowire.AppendString(protowire.AppendTag(nil, fd.Number(), protowire.BytesType), "\xff")
			add(string(fd.Name())+" that is not UTF-8", func(m protoreflect.Message) { m.SetUnknown(raw) }, "INVALID_ARGUMENT")
		}
	}
	return all
}

// refusals are the answers to an action that is not understood. That there is nothing to
// settle is the better answer to a settlement.
func refusals(path, code string) []hostile.Outcome {
	switch kind, _, _ := strings.Cut(path, "."); kind {
	case "command":
		return hostile.Outcomes("result " + hostile.Outcome(code))
	case "settlement":
		return hostile.Outcomes("result NOT_FOUND", "result ABORTED", "result CANCELLED")
	}
	return hostile.Outcomes("notice BAD_ACTION " + hostile.Outcome(code))
}

// numbered gives an action the numbers that its answer needs.
func numbered(a *hubv1.Action) {
	if c := a.GetCommand(); c != nil {
		c.CommandId = 7
	}
	if s := a.GetSettlement(); s != nil {
		s.DeliverySeq = 1 << 40
	}
}

// refused sends an action and names what is answered; the stream has to live.
func (a *Actor) refused(action *hubv1.Action) hostile.Outcome {
	a.Do(action)
	item, err := a.await(func(i *hubv1.Item) bool {
		return i.GetResult() != nil || i.GetNotice() != nil && i.GetNotice().Kind != hubv1.NoticeKind_NOTICE_KIND_INTRODUCED
	})
	if err != nil {
		return streamEnd(err)
	}
	got := statusOutcome(item.GetResult().GetStatus())
	if n := item.GetNotice(); n != nil {
		got = hostile.Outcome(fmt.Sprintf("notice %s %s", strings.TrimPrefix(n.Kind.String(), "NOTICE_KIND_"), strings.TrimPrefix(n.GetStatus().GetCode().String(), "CODE_")))
	}
	if lives := a.Lives(); lives != hostile.Open {
		return got + ", " + lives
	}
	return got
}
