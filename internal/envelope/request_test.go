package envelope_test

import (
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

// envelopeOf makes an envelope of the bytes of actions.
func envelopeOf(actions ...[]byte) (b []byte) {
	for _, a := range actions {
		b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), a)
	}
	return b
}

// wire encodes a message, and puts bytes behind it.
func wire(m proto.Message, more ...byte) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append(b, more...)
}

// in is a message of these bytes in the field of another one.
func in(field protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), b)
}

// join is a message of several fields.
func join(fields ...[]byte) (b []byte) {
	for _, f := range fields {
		b = append(b, f...)
	}
	return b
}

// settle is an action that settles a delivery with done.
func settle(seq uint64) []byte {
	return wire(settlementAction(&hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}))
}

var (
	unknown    = []byte{0xf8, 0x07, 1}         // field 127, a number
	notText    = in(1, []byte("\xed\xa0\x80")) // a string, as protobufjs writes a lone surrogate
	settlement = protowire.Number(2)           // in Action
	command    = protowire.Number(3)
	sevenSeq   = []byte{0x08, 7} // delivery_seq or command_id
)

// emitBytes is a command with an id and an emit.
func emitBytes(id uint64, emit []byte) []byte {
	return join(wire(&hubv1.Command{CommandId: id, DeliverySeq: 3}), in(10, emit))
}

var badActions = map[string]struct {
	action []byte
	want   envelope.Bad
}{
	"settlement with an unknown field": {
		in(settlement, join(sevenSeq, in(2, nil), unknown)),
		envelope.Bad{Reason: envelope.UnknownField, Field: "127", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"accept with an unknown field, before the number": {
		in(settlement, join(in(4, unknown), sevenSeq)),
		envelope.Bad{Reason: envelope.UnknownField, Field: "accept.127", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"payload with an unknown field": {
		in(settlement, join(sevenSeq, in(3, in(1, join(in(1, []byte("[]")), unknown))))),
		envelope.Bad{Reason: envelope.UnknownField, Field: "reply.payload.127", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"done with an unknown field": {
		in(settlement, join(sevenSeq, in(2, unknown))),
		envelope.Bad{Reason: envelope.UnknownField, Field: "done.127", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"unknown enum value": {
		in(settlement, join(sevenSeq, in(5, []byte{3 << 3, 99}))),
		envelope.Bad{Reason: envelope.UnknownField, Field: "deny.reason", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"field of another wire type": {
		in(settlement, join(sevenSeq, []byte{3 << 3, 1})),
		envelope.Bad{Reason: envelope.UnknownField, Field: "3", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"settlement whose commands are not text": {
		in(settlement, join(sevenSeq, in(2, nil), in(7, sevenSeq), in(7, nil), in(7, emitBytes(9, in(1, in(3, []byte("\xff"))))))),
		envelope.Bad{
			Reason: envelope.InvalidUTF8, Field: "commands[2].emit.target.rooms[0]", Kind: envelope.KindSettlement, DeliverySeq: 7,
			Commands: []uint64{7, 9}, SilentCommands: 1,
		},
	},
	"settlement that ends too early": {
		in(settlement, join(sevenSeq, in(7, sevenSeq), []byte{3<<3 | 2, 100, 1})),
		envelope.Bad{Reason: envelope.Malformed, Field: "reply", Kind: envelope.KindSettlement, DeliverySeq: 7, Commands: []uint64{7}},
	},
	"user that is not text": {
		in(settlement, join(sevenSeq, in(4, notText))),
		envelope.Bad{Reason: envelope.InvalidUTF8, Field: "accept.user", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
	"command with an unknown field": {
		in(command, join(sevenSeq, unknown)),
		envelope.Bad{Reason: envelope.UnknownField, Field: "127", Kind: envelope.KindCommand, CommandID: 7},
	},
	"event that is not text": {
		in(command, emitBytes(8, in(2, []byte("\xff")))),
		envelope.Bad{Reason: envelope.InvalidUTF8, Field: "emit.event", Kind: envelope.KindCommand, CommandID: 8, DeliverySeq: 3},
	},
	"room that is not text": {
		in(command, emitBytes(8, in(1, join(in(3, []byte("a")), in(3, []byte("\xff")))))),
		envelope.Bad{Reason: envelope.InvalidUTF8, Field: "emit.target.rooms[1]", Kind: envelope.KindCommand, CommandID: 8, DeliverySeq: 3},
	},
	"window with an unknown field": {
		in(4, unknown),
		envelope.Bad{Reason: envelope.UnknownField, Field: "127", Kind: envelope.KindWindow},
	},
	"kind that is not known": {
		in(9, nil),
		envelope.Bad{Reason: envelope.UnknownField, Field: "9"},
	},
	"command and something else": {
		join(in(command, sevenSeq), in(9, nil)),
		envelope.Bad{Reason: envelope.UnknownField, Field: "9", Kind: envelope.KindCommand, CommandID: 7},
	},
	"group of a hello that is not text": {
		in(1, notText),
		envelope.Bad{Reason: envelope.InvalidUTF8, Field: "group", Kind: envelope.KindHello},
	},
	"bytes that are nothing": {
		[]byte{0xff, 0xff, 0xff},
		envelope.Bad{Reason: envelope.Malformed},
	},
	"a group": {
		in(settlement, join(sevenSeq, []byte{15<<3 | 3, 15<<3 | 4})),
		envelope.Bad{Reason: envelope.UnknownField, Field: "15", Kind: envelope.KindSettlement, DeliverySeq: 7},
	},
}

// A bad action is described, and its neighbours are as they would be without it.
func TestRequest_OneBadActionGoesAlone(t *testing.T) {
	for name, c := range badActions {
		t.Run(name, func(t *testing.T) {
			r := decodeRequest(t, envelopeOf(settle(1), c.action, settle(2)))
			if r.Err != nil || len(r.Actions) != 3 {
				t.Fatalf("%d actions, error %v", len(r.Actions), r.Err)
			}
			for i, seq := range map[int]uint64{0: 1, 2: 2} {
				if a := r.Actions[i]; a.Bad != nil || a.GetSettlement().GetDeliverySeq() != seq || a.GetSettlement().GetDone() == nil {
					t.Errorf("action %d is %v, %v", i, a.Action, a.Bad)
				}
			}
			if a := r.Actions[1]; a.Action != nil || a.Bad == nil || !reflect.DeepEqual(*a.Bad, c.want) {
				t.Errorf("%v, %+v, want %+v", a.Action, a.Bad, c.want)
			}
		})
	}
}

func decodeRequest(t testing.TB, b []byte) *envelope.Request {
	return decodeFrames(t, mem.BufferSlice{mem.SliceBuffer(b)})
}

func decodeFrames(t testing.TB, data mem.BufferSlice) *envelope.Request {
	var r envelope.Request
	if err := envelope.Hub().Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// A hello passes over what the hub does not know, but in a subscription.
func TestRequest_HelloOfTomorrow(t *testing.T) {
	sub := wire(&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/a"})
	hello := join(
		wire(&hubv1.Hello{Group: "g"}), unknown, in(6, unknown), in(9, unknown),
		in(5, sub), in(5, join(sub, unknown)), in(5, join(sub, in(8, []byte{1, 77}))), in(5, sub),
	)
	r := decodeRequest(t, envelopeOf(join(in(1, hello), in(99, nil))))
	if len(r.Actions) != 1 || r.Actions[0].Bad != nil {
		t.Fatalf("%+v", r)
	}
	a := r.Actions[0]
	if h := a.GetHello(); h.GetGroup() != "g" || len(h.GetSubscriptions()) != 4 || isStrange(h.GetWindow().ProtoReflect()) {
		t.Errorf("hello %v", h)
	}
	want := map[int]*envelope.Bad{
		1: {Reason: envelope.UnknownField, Field: "127", Kind: envelope.KindHello},
		2: {Reason: envelope.UnknownField, Field: "kinds[0]", Kind: envelope.KindHello},
	}
	if !reflect.DeepEqual(a.BadSubscriptions, want) {
		t.Errorf("bad subscriptions %v", a.BadSubscriptions)
	}
}

// A field of the envelope that is not known refuses what is in it.
func TestRequest_EnvelopeOfTomorrow(t *testing.T) {
	b := join(unknown, envelopeOf(in(1, wire(&hubv1.Hello{Group: "g"})), settle(7)))
	r := decodeRequest(t, b)
	if r.Err != nil || len(r.Actions) != 2 || r.Actions[0].GetHello().GetGroup() != "g" {
		t.Fatalf("%+v", r)
	}
	if bad := r.Actions[1].Bad; bad == nil || bad.Reason != envelope.UnknownField || bad.DeliverySeq != 7 {
		t.Errorf("%+v", bad)
	}
}

// Unary calls have the same check, after protobuf.
func TestCheck_FindsTheUnknown(t *testing.T) {
	good := &hubv1.Command{CommandId: 1, Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Event: "e", Ack: &hubv1.AckRequest{}}}}
	if bad := envelope.Check(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{good}}); bad != nil {
		t.Error(bad)
	}
	tomorrow := proto.CloneOf(good)
	tomorrow.GetEmit().Ack.Mode = 99
	bad := envelope.Check(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{good, tomorrow}})
	if bad == nil || bad.Reason != envelope.UnknownField || bad.Field != "commands[1].emit.ack.mode" {
		t.Errorf("%+v", bad)
	}
}

// A call says whether Check would find anything, so that it need not be asked.
func TestCall_SaysWhetherAllIsKnown(t *testing.T) {
	good := &hubv1.Command{CommandId: 1, Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
		Target: &hubv1.Target{Rooms: []string{"a", "b"}}, Event: "e", Ack: &hubv1.AckRequest{Mode: hubv1.AckMode_ACK_MODE_EACH},
	}}}
	mode, inner := proto.CloneOf(good), proto.CloneOf(good)
	mode.GetEmit().Ack.Mode = 99
	inner.GetEmit().Target.ProtoReflect().SetUnknown(unknown)
	call := envelope.Call{}
	for name, c := range map[string]struct {
		b     []byte
		known bool
	}{
		"nothing":       {nil, true},
		"all known":     {wire(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{good, good}}), true},
		"an enum value": {wire(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{good, mode}}), false},
		"a field":       {wire(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{inner, good}}), false},
		"its own field": {join(wire(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{good}}), unknown), false},
		"no protobuf":   {[]byte("\xff"), false},
	} {
		call.Message = &hubv1.ExecuteRequest{}
		if err := envelope.Hub().Unmarshal(mem.BufferSlice{mem.SliceBuffer(c.b)}, &call); err != nil {
			t.Fatal(err)
		}
		if call.Known != c.known || call.Bad == nil && (envelope.Check(call.Message) == nil) != c.known {
			t.Errorf("%s: known is %v, %+v; check finds %+v", name, call.Known, call.Bad, envelope.Check(call.Message))
		}
	}
}

// A request of more messages than there may be is refused for the first that is too much, in however many frames it came.
func TestCall_TooMany(t *testing.T) {
	for name, c := range map[string]struct {
		n    int
		want *envelope.Bad
	}{
		"as many as there may be": {envelope.MaxActions, nil},
		"one more":                {envelope.MaxActions + 1, &envelope.Bad{Reason: envelope.TooManyElements, Field: "commands[16384]"}},
	} {
		b := []byte(strings.Repeat(string(in(1, nil)), c.n))
		for _, data := range []mem.BufferSlice{{mem.SliceBuffer(b)}, frames(b), {mem.SliceBuffer(b[:7]), mem.SliceBuffer(b[7:])}} {
			call := envelope.Call{Message: &hubv1.ExecuteRequest{}}
			if err := envelope.Hub().Unmarshal(data, &call); err != nil || !reflect.DeepEqual(call.Bad, c.want) {
				t.Errorf("%s, in %d frames: %v, %+v", name, len(data), err, call.Bad)
			}
		}
	}
}

func TestRequest_EndsTheStream(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"too early":        {envelopeOf(settle(1))[:4], envelope.ErrMalformed},
		"no protobuf":      {[]byte("GET / HTTP/1.1\r\n"), envelope.ErrMalformed},
		"too many":         {envelopeOf(make([][]byte, envelope.MaxActions+1)...), envelope.ErrTooManyActions},
		"large and early":  {in(3, make([]byte, envelope.MaxBytes))[:envelope.MaxBytes+1], envelope.ErrMalformed},
		"large, too many":  {join(in(9, make([]byte, envelope.MaxBytes)), envelopeOf(make([][]byte, envelope.MaxActions+1)...)), envelope.ErrTooManyActions},
		"large, no fields": {make([]byte, envelope.MaxBytes+1), envelope.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			r := decodeRequest(t, c.b)
			if !errors.Is(r.Err, c.want) || len(r.Actions) > 0 {
				t.Errorf("%d actions, error %v", len(r.Actions), r.Err)
			}
		})
	}
	if r := decodeRequest(t, envelopeOf(make([][]byte, envelope.MaxActions)...)); r.Err != nil || len(r.Actions) != envelope.MaxActions {
		t.Errorf("as many as there may be: %v", r.Err)
	}
}

// frames is a message as gRPC has read it. Some of its frames are empty.
func frames(b []byte) (data mem.BufferSlice) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), 16<<10)
		data = append(data, mem.SliceBuffer(rest[:n]), mem.SliceBuffer(nil))
		rest = rest[n:]
	}
	return data
}

// Each action of an envelope that is too large is refused, with what its answer needs.
func TestRequest_TooLarge(t *testing.T) {
	large := in(1, make([]byte, envelope.MaxBytes))
	b := join([]byte{1 << 3, 5, 2 << 3, 6}, envelopeOf(
		in(command, emitBytes(8, in(3, large))),
		settle(7), nil,
		in(settlement, join(sevenSeq, in(7, sevenSeq), in(3, in(1, nil)))),
	))
	var r envelope.Request
	if err := envelope.Hub().Unmarshal(frames(b), &r); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	if r.EnvelopeSeq != 5 || r.AckEnvelopeSeq != 6 {
		t.Errorf("numbers %d, %d", r.EnvelopeSeq, r.AckEnvelopeSeq)
	}
	want := []envelope.Bad{
		{Reason: envelope.EnvelopeTooLarge, Kind: envelope.KindCommand, CommandID: 8, DeliverySeq: 3},
		{Reason: envelope.EnvelopeTooLarge, Kind: envelope.KindSettlement, DeliverySeq: 7},
		{Reason: envelope.EnvelopeTooLarge},
		{Reason: envelope.EnvelopeTooLarge, Kind: envelope.KindSettlement, DeliverySeq: 7, Commands: []uint64{7}},
	}
	if len(r.Actions) != len(want) {
		t.Fatalf("%d actions", len(r.Actions))
	}
	for i, a := range r.Actions {
		if a.Action != nil || a.Bad == nil || !reflect.DeepEqual(*a.Bad, want[i]) {
			t.Errorf("action %d: %+v, want %+v", i, a.Bad, want[i])
		}
	}
}

// Lists that would take many times their size are refused.
func TestRequest_LongLists(t *testing.T) {
	empties := func(field protowire.Number, n int) []byte {
		return []byte(strings.Repeat(string(in(field, nil)), n))
	}
	const long, many = envelope.MaxNames + 1, envelope.MaxActions + 1
	for name, action := range map[string][]byte{
		"rooms":              in(command, join(sevenSeq, in(11, empties(2, long)))),
		"rooms and sockets":  in(command, join(sevenSeq, in(11, join(empties(2, long/2), empties(3, long/2+1))))),
		"rooms in commands":  in(settlement, join(sevenSeq, in(2, nil), []byte(strings.Repeat(string(in(7, join(sevenSeq, in(11, empties(2, long-1))))), envelope.MaxElements/(long-1)+1)))),
		"commands":           in(settlement, join(sevenSeq, in(2, nil), empties(7, many))),
		"numbered commands":  in(settlement, join(sevenSeq, in(2, nil), []byte(strings.Repeat(string(in(7, sevenSeq)), many)))),
		"attachments, reply": in(settlement, join(sevenSeq, in(3, in(1, empties(2, long))))),
		"attachments, emit":  in(command, emitBytes(7, in(3, empties(2, long)))),
		"subscriptions":      in(1, empties(5, many)),
	} {
		t.Run(name, func(t *testing.T) {
			b := envelopeOf(action, settle(5))
			r := decodeRequest(t, b)
			if len(r.Actions) != 2 || r.Actions[1].Bad != nil {
				t.Fatalf("%+v", r)
			}
			bad := r.Actions[0].Bad
			if bad == nil || bad.Reason != envelope.TooManyElements || (bad.CommandID+bad.DeliverySeq == 0 && bad.Kind != envelope.KindHello) {
				t.Errorf("%+v", bad)
			}
		})
	}
}

// allocated is how many bytes a function allocates: the least of three calls, as whatever else of
// the process allocates meanwhile is counted too.
func allocated(f func()) int {
	least := math.MaxInt
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, int(after.TotalAlloc-before.TotalAlloc))
	}
	return least
}
