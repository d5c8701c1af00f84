package envelope

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// leftToProtobuf are the fields and members of hot messages with which a message is
// not hot. Whatever else the contract has, the quick ways know: who adds a field to a
// hot message adds it to tags.go, to the encoder and to the decoder, or here.
var leftToProtobuf = map[protoreflect.FullName]bool{
	"hub.v1.Item.welcome": true, "hub.v1.Item.result": true, "hub.v1.Item.notice": true,
	"hub.v1.Item.heartbeat": true, "hub.v1.Item.revoked": true, "hub.v1.Item.drain": true,
	"hub.v1.Item.observation": true, "hub.v1.Item.ended": true, "hub.v1.Item.released": true,
	"hub.v1.Delivery.connect_attempt": true, "hub.v1.Delivery.connected": true,
	"hub.v1.Delivery.disconnected": true, "hub.v1.Delivery.auth_expiring": true,
	"hub.v1.Delivery.service_call": true,

	"hub.v1.Action.hello": true, "hub.v1.Action.command": true, "hub.v1.Action.window": true,
	"hub.v1.Action.heartbeat": true, "hub.v1.Action.drain": true,
	"hub.v1.Settlement.accept": true, "hub.v1.Settlement.deny": true, "hub.v1.Settlement.nack": true,
	"hub.v1.Settlement.commands": true,
}

// fill sets every field of a message that is not left to protobuf, and of the messages
// in it. Of a oneof it sets the member that is wanted, or else the last one.
func fill(m protoreflect.Message, want protoreflect.Name) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if of := f.ContainingOneof(); leftToProtobuf[f.FullName()] ||
			(of != nil && f.Name() != want && m.WhichOneof(of) != nil) {
			continue
		}
		if f.IsList() {
			for range 2 {
				m.Mutable(f).List().Append(example(m.Mutable(f).List().NewElement(), f, want))
			}
			continue
		}
		m.Set(f, example(m.NewField(f), f, want))
	}
}

// example is a value of a field that is not zero.
func example(v protoreflect.Value, f protoreflect.FieldDescriptor, want protoreflect.Name) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.MessageKind:
		fill(v.Message(), want)
		return v
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(string(f.Name()))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte("0123456789abcdef"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(300)
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(300)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(300)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(300)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	}
	panic("a field of a new kind: " + string(f.FullName()))
}

// The hub's way down: an event with all that the contract has for it.
func TestQuickWays_KnowAllFieldsOfAnEvent(t *testing.T) {
	item := &hubv1.Item{}
	fill(item.ProtoReflect(), "event")
	if d, e := eventOf(item); d == nil || e == nil {
		t.Fatal("it is not encoded the quick way")
	}
	raw := sameBytes(t, &hubv1.AttachResponse{EnvelopeSeq: 1, AckEnvelopeSeq: 2, Items: []*hubv1.Item{item}}, item)
	for name, codec := range map[string]*Codec{"hub": Hub(), "service": Service()} {
		got := codec.item(raw, 0)
		if got == nil {
			t.Fatalf("%s: it is not decoded the quick way", name)
		}
		if !proto.Equal(got, item) {
			t.Errorf("%s: decoded\n%v\nof\n%v", name, got, item)
		}
		if s := item.GetDelivery().Socket; !proto.Equal(codec.decodeSocket(wireOf(t, s)), s) {
			t.Errorf("%s: the socket is decoded to something else", name)
		}
	}
}

// The service's way up: done and replies with all that the contract has for them.
func TestQuickWays_KnowAllFieldsOfASettlement(t *testing.T) {
	for _, outcome := range []protoreflect.Name{"done", "reply"} {
		settled := &hubv1.Action{}
		fill(settled.ProtoReflect(), outcome)
		if s, _ := outcomeOf(settled); s == nil {
			t.Fatalf("%s is not encoded the quick way", outcome)
		}
		raw := sameBytes(t, &hubv1.AttachRequest{EnvelopeSeq: 1, AckEnvelopeSeq: 2, Actions: []*hubv1.Action{settled}}, settled)
		var to action
		if d := (upward{}); !d.settlement(raw, &to) {
			t.Fatalf("%s is not decoded the quick way", outcome)
		}
		if !proto.Equal(&to.Action, settled) {
			t.Errorf("decoded\n%v\nof\n%v", &to.Action, settled)
		}
	}
}

// A hot message with something that is left to protobuf loses nothing of it.
func TestQuickWays_LeaveTheRestToProtobuf(t *testing.T) {
	for name := range leftToProtobuf {
		t.Run(string(name), func(t *testing.T) {
			var entry proto.Message = &hubv1.Item{}
			if name.Parent() == "hub.v1.Action" || name.Parent() == "hub.v1.Settlement" {
				entry = &hubv1.Action{}
			}
			fill(entry.ProtoReflect(), "event")
			m := entry.ProtoReflect()
			for m.Descriptor().FullName() != name.Parent() {
				m = m.Mutable(m.WhichOneof(m.Descriptor().Oneofs().Get(0))).Message()
			}
			f := m.Descriptor().Fields().ByName(name.Name())
			if f == nil {
				t.Fatal("the contract does not have it any more")
			}
			if f.IsList() {
				m.Mutable(f).List().AppendMutable()
			} else {
				m.Set(f, m.NewField(f))
			}
			switch e := entry.(type) {
			case *hubv1.Item:
				sameBytes(t, &hubv1.AttachResponse{Items: []*hubv1.Item{e}}, e)
			case *hubv1.Action:
				sameBytes(t, &hubv1.AttachRequest{Actions: []*hubv1.Action{e}}, e)
			}
		})
	}
}

// sameBytes encodes an envelope and compares it with what protobuf makes of it. It
// returns the bytes of the entry.
func sameBytes(t *testing.T, envelope, entry proto.Message) []byte {
	t.Helper()
	want := wireOf(t, envelope)
	got, err := Hub().Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Free()
	if b := got.Materialize(); !bytes.Equal(b, want) {
		t.Errorf("encoded\n%x\nprotobuf says\n%x", b, want)
	}
	return wireOf(t, entry)
}

func wireOf(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
