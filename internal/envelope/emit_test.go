package envelope

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// hotInEmit are the fields with which an emit is decoded the quick way. With any other it is left to protobuf, those
// of tomorrow too.
var hotInEmit = map[protoreflect.FullName]bool{
	"hub.v1.Command.command_id": true, "hub.v1.Command.delivery_seq": true, "hub.v1.Command.emit": true,
	"hub.v1.Emit.target": true, "hub.v1.Emit.event": true, "hub.v1.Emit.payload": true, "hub.v1.Emit.volatile": true, "hub.v1.Emit.no_compress": true,
	"hub.v1.Target.namespace": true, "hub.v1.Target.sockets": true, "hub.v1.Target.rooms": true, "hub.v1.Target.users": true, "hub.v1.Target.all": true,
	"hub.v1.Payload.args": true, "hub.v1.Payload.attachments": true,
}

func emitAction() *hubv1.Action {
	emit := &hubv1.Emit{Target: &hubv1.Target{Namespace: "/", Rooms: []string{"a"}}, Event: "e", Payload: &hubv1.Payload{Args: []byte(`["x"]`)}}
	return &hubv1.Action{Kind: &hubv1.Action_Command{Command: &hubv1.Command{Op: &hubv1.Command_Emit{Emit: emit}}}}
}

func TestEmission_EachFieldIsDecodedOrLeft(t *testing.T) {
	parts := func(a *hubv1.Action) []protoreflect.Message {
		c := a.GetCommand()
		return []protoreflect.Message{c.ProtoReflect(), c.GetEmit().ProtoReflect(), c.GetEmit().Target.ProtoReflect(), c.GetEmit().Payload.ProtoReflect()}
	}
	for i, part := range parts(emitAction()) {
		fields := part.Descriptor().Fields()
		for n := range fields.Len() {
			f := fields.Get(n)
			a := emitAction()
			m := parts(a)[i]
			switch {
			case f.IsList():
				list := m.Mutable(f).List()
				list.Append(example(list.NewElement(), f, ""))
			case f.Name() == "emit", f.Name() == "target", f.Name() == "payload": // it is there
			default:
				m.Set(f, example(m.NewField(f), f, ""))
			}
			raw := wireOf(t, a)
			d := upward{size: len(raw)}
			got := d.emission(raw)
			if hot := hotInEmit[f.FullName()]; (got != nil) != hot {
				t.Errorf("%s: decoded the quick way: %v", f.FullName(), got != nil)
			}
			if got != nil && !proto.Equal(got, a) {
				t.Errorf("%s: decoded\n%v\nof\n%v", f.FullName(), got, a)
			}
		}
	}
}

// What is not to be carried out is left to those who know why.
func TestEmission_LeavesWhatIsWrong(t *testing.T) {
	a := emitAction()
	a.GetCommand().GetEmit().Target.Rooms = make([]string, MaxNames+1)
	many := wireOf(t, a)
	raw := wireOf(t, emitAction())
	for what, b := range map[string][]byte{
		"no action": nil, "not whole": raw[:len(raw)-1], "twice": append(raw[:len(raw):len(raw)], raw...), "too many names": many,
		"no UTF-8": []byte(strings.Replace(string(raw), "\x01a", "\x01\xff", 1)), "a settlement": {tagActionSettlement, 0}, "no command": {tagActionCommand, 0},
	} {
		d := upward{size: len(b)}
		if got := d.emission(b); got != nil || d.check.elements != 0 {
			t.Errorf("%s: %v, %d elements", what, got, d.check.elements)
		}
	}
	full := upward{size: len(raw), check: check{elements: MaxElements}}
	if full.emission(raw) != nil {
		t.Error("the envelope has too many elements")
	}
}

// What an emit keeps is not its envelope.
func TestEmission_OwnsWhatItKeeps(t *testing.T) {
	raw := wireOf(t, emitAction())
	d := upward{size: 100 * len(raw)}
	got := d.emission(raw)
	clear(raw)
	if !proto.Equal(got, emitAction()) {
		t.Errorf("%v", got)
	}
}

// What is given back is decoded into again; the texts, lists and bytes of the first one are still its own.
func TestRelease_LeavesTextsListsAndBytes(t *testing.T) {
	first := wireOf(t, emitAction())
	other := emitAction()
	emit := other.GetCommand().GetEmit()
	emit.Target.Rooms, emit.Event, emit.Payload.Args = []string{"b", "c"}, "f", []byte(`["y"]`)
	second := wireOf(t, other)
	for range 100 { // a pool may forget
		d := upward{size: len(first)}
		a := d.action(first, false)
		e := a.GetCommand().GetEmit()
		rooms, event, args := e.Target.Rooms, e.Event, e.Payload.Args
		a.Release()
		if a.Action != nil {
			t.Fatal("it was given back, and is still there")
		}
		d = upward{size: len(second)}
		b := d.action(second, false)
		if !proto.Equal(b.Action, other) {
			t.Fatalf("decoded\n%v\nof\n%v", b.Action, other)
		}
		b.Release()
		if len(rooms) != 1 || rooms[0] != "a" || event != "e" || string(args) != `["x"]` {
			t.Fatalf("%q %q %s", rooms, event, args)
		}
	}
}

func BenchmarkAction_Emit(b *testing.B) {
	a := emitAction()
	raw, err := proto.Marshal(a)
	if err != nil {
		b.Fatal(err)
	}
	for name, protobuf := range map[string]bool{"quick": false, "protobuf": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := upward{size: 64 * len(raw)}
				if protobuf {
					if _, ok := d.check.action(raw); !ok || proto.Unmarshal(raw, &hubv1.Action{}) != nil {
						b.Fatal("refused")
					}
					continue
				}
				if d.action(raw, false).Action == nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
