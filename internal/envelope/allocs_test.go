//go:build !race

package envelope_test

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

// many is how many items the envelopes below have.
const many = 64

// What the items of an envelope may allocate together, as measured. Whoever lowers a
// figure lowers the bound.
const (
	encodeAllocs       = 2          // the envelope's own, none for an item
	decodeEventsAllocs = 2*many + 3 // messages and arguments of each event
	decodeRepliesAlloc = 4          // three for all, and the buffer that gRPC has
)

func TestAllocs_ManyItems(t *testing.T) {
	down, up := &hubv1.AttachResponse{}, &hubv1.AttachRequest{}
	for range many {
		down.Items = append(down.Items, eventItem(nil))
		up.Actions = append(up.Actions, settlementAction(&hubv1.Settlement{DeliverySeq: 7, Outcome: replyOf(&hubv1.Payload{Args: []byte(`["a"]`)})}))
	}
	for _, c := range []struct {
		name           string
		codec          func() encoding.CodecV2
		m              proto.Message
		empty          any
		encode, decode float64
	}{
		{"events", func() encoding.CodecV2 { return envelope.Service() }, down, &hubv1.AttachResponse{}, encodeAllocs, decodeEventsAllocs},
		{"replies", func() encoding.CodecV2 { return envelope.Hub() }, up, &envelope.Request{}, encodeAllocs, decodeRepliesAlloc},
	} {
		b, err := proto.Marshal(c.m)
		if err != nil {
			t.Fatal(err)
		}
		buf := mem.BufferSlice{mem.SliceBuffer(b)}
		// Two names that share a place by chance, in one codec of 64, are made anew each time: not in all of these codecs.
		codec, n := c.codec(), math.Inf(1)
		for range 5 {
			another := c.codec()
			n = min(n, testing.AllocsPerRun(100, func() { _ = another.Unmarshal(buf, c.empty) }))
		}
		if n > c.decode {
			t.Errorf("%s: %v allocations to decode %d, bound %v", c.name, n, many, c.decode)
		}
		n = testing.AllocsPerRun(100, func() {
			data, _ := codec.Marshal(c.m)
			data.Free()
		})
		if n > c.encode {
			t.Errorf("%s: %v allocations to encode %d, bound %v", c.name, n, many, c.encode)
		}
	}
}

// emitAllocs is what an emit to a room takes whose messages are given back: its texts, the list of rooms and the arguments.
const emitAllocs = 5

func TestAllocs_Emits(t *testing.T) {
	up := &hubv1.AttachRequest{}
	for range many {
		up.Actions = append(up.Actions, &hubv1.Action{Kind: &hubv1.Action_Command{Command: &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
			Target: &hubv1.Target{Namespace: "/", Rooms: []string{"room"}}, Event: "event", Payload: &hubv1.Payload{Args: []byte(`["a"]`)},
		}}}}})
	}
	b, err := proto.Marshal(up)
	if err != nil {
		t.Fatal(err)
	}
	buf := mem.BufferSlice{mem.SliceBuffer(b)}
	request := &envelope.Request{}
	if n := testing.AllocsPerRun(100, func() {
		_ = envelope.Hub().Unmarshal(buf, request)
		for i := range request.Actions {
			request.Actions[i].Release()
		}
	}); n > emitAllocs*many+4 {
		t.Errorf("%v allocations to decode %d emits, bound %d each", n, many, emitAllocs)
	}
}

// Whatever is in an envelope, it takes what doc.go says.
func TestAllocs_RequestIsBounded(t *testing.T) {
	repeated := func(action []byte, n int) []byte {
		return []byte(strings.Repeat(string(envelopeOf(action)), n))
	}
	const fixed = 32 << 20
	for name, c := range map[string]struct {
		b           []byte
		times, more int // of its size, and beside it
	}{
		"two bytes each":           {repeated(nil, envelope.MaxBytes/2), 0, 1 << 10},
		"two bytes each, too many": {repeated(nil, envelope.HardMaxBytes/2), 0, 1 << 10},
		"empty":                    {repeated(nil, envelope.MaxActions), 1, 2 << 20},
		"done":                     {repeated(settle(1), envelope.MaxActions), 1, 8 << 20},
		"emits":                    {repeated(in(command, emitBytes(1, join(in(1, nil), in(3, nil), in(6, nil)))), envelope.MaxActions), 2, fixed},
		"bad subscriptions":        {repeated(in(1, in(5, unknown)), envelope.MaxActions), 2, fixed},
		"names":                    {repeated(in(command, in(11, []byte(strings.Repeat("\x12\x00", envelope.MaxNames)))), envelope.MaxElements/envelope.MaxNames), 2, fixed},
		"too large":                {join(repeated(nil, envelope.MaxActions-1), envelopeOf(make([]byte, envelope.MaxBytes))), 0, 2<<20 + 1<<10},
		"too large, commands":      {envelopeOf(in(settlement, []byte(strings.Repeat(string(in(7, sevenSeq)), envelope.MaxBytes/2)))), 0, 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			var r *envelope.Request
			data := frames(c.b)
			took := allocated(func() { r = decodeFrames(t, data) })
			if most := c.times*len(c.b) + c.more; took > most {
				t.Errorf("%d bytes took %d, more than %d", len(c.b), took, most)
			}
			runtime.KeepAlive(r)
		})
	}
}

// A call of more commands than there may be is not even put together.
func TestAllocs_CallIsCountedFirst(t *testing.T) {
	data := frames([]byte(strings.Repeat(string(in(1, nil)), envelope.MaxBytes/2)))
	call := envelope.Call{Message: &hubv1.ExecuteRequest{}}
	var before, after runtime.MemStats
	// gRPC keeps the buffer of a call for a while: two collections end that.
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	_ = envelope.Hub().Unmarshal(data, &call)
	runtime.ReadMemStats(&after)
	most := after.TotalAlloc - before.TotalAlloc
	if call.Bad == nil || most > 64<<10 {
		t.Errorf("it took %d bytes, %+v", most, call.Bad)
	}
}

func BenchmarkCodec(b *testing.B) {
	m := &hubv1.AttachResponse{}
	for range many {
		m.Items = append(m.Items, eventItem(nil))
	}
	for _, c := range []struct {
		name  string
		codec encoding.CodecV2
	}{{"protobuf", encoding.GetCodecV2("proto")}, {"envelope", envelope.Service()}} {
		b.Run("encode/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := c.codec.Marshal(m)
				if err != nil {
					b.Fatal(err)
				}
				data.Free()
			}
		})
		wire, err := proto.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("decode/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, &hubv1.AttachResponse{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
