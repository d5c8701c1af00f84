package envelope_test

import (
	"runtime"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

// FuzzResponse and FuzzRequest compare the codec with protobuf: the same bytes give
// the same message, or an error from both, and what was decoded is encoded to
// something that protobuf takes for the same.

func FuzzResponse(f *testing.F) {
	for _, m := range responses {
		seed(f, m)
	}
	codec := envelope.Service()
	f.Fuzz(func(t *testing.T, b []byte) {
		compare(t, codec, b, func() proto.Message { return &hubv1.AttachResponse{} })
	})
}

func FuzzRequest(f *testing.F) {
	for _, m := range requests {
		seed(f, m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		compare(t, envelope.Hub(), b, func() proto.Message { return &hubv1.AttachRequest{} })
	})
}

func seed(f *testing.F, m proto.Message) {
	b, err := proto.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	// A field that is not known, fields twice, fields that are not there in full.
	f.Add(append(b[:len(b):len(b)], 0x78, 1))
	f.Add(append(b[:len(b):len(b)], b...))
	f.Add(b[:len(b)/2])
}

func compare(t *testing.T, codec *envelope.Codec, b []byte, empty func() proto.Message) {
	want, got := empty(), empty()
	wantErr := proto.Unmarshal(b, want)
	// In two buffers, as they come from frames.
	half := len(b) / 2
	gotErr := decode(codec, mem.BufferSlice{mem.SliceBuffer(b[:half]), mem.SliceBuffer(b[half:])}, got)
	if wantErr == nil && gotErr != nil && !mayRefuse(b, want, gotErr) {
		t.Fatalf("error %v, which protobuf does not say", gotErr)
	}
	if wantErr != nil && gotErr == nil {
		t.Fatalf("no error, protobuf says %v", wantErr)
	}
	if gotErr != nil {
		return
	}
	known, again := empty(), empty()
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, known); err != nil {
		t.Fatal(err)
	}
	if _, up := want.(*hubv1.AttachRequest); up {
		want = known // a hello, or an envelope without actions, may have something unknown
	}
	if !proto.Equal(got, want) {
		t.Fatalf("decoded\n%v\nprotobuf says\n%v", got, want)
	}
	data, err := codec.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Free()
	if err := proto.Unmarshal(data.Materialize(), again); err != nil || !proto.Equal(again, known) {
		t.Fatalf("encoded\n%v, %v\nof\n%v", again, err, known)
	}
}

// FuzzActions decodes envelopes of a service of any bytes: no action is better or worse
// off for its neighbours, whatever is unknown is refused, and the memory that it takes
// is bounded.
func FuzzActions(f *testing.F) {
	for _, m := range requests {
		seed(f, m)
	}
	for _, c := range badActions {
		f.Add(envelopeOf(c.action, settle(5)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		data := mem.BufferSlice{mem.SliceBuffer(b[:len(b)/2]), mem.SliceBuffer(b[len(b)/2:])}
		var r envelope.Request
		runtime.ReadMemStats(&before)
		if err := envelope.Hub().Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*len(b)); took > most {
			t.Errorf("%d bytes took %d, more than %d", len(b), took, most)
		}
		raws, known, whole := split(b)
		if !whole || len(raws) > envelope.MaxActions {
			if r.Err == nil || len(r.Actions) > 0 {
				t.Fatalf("%d actions, error %v, of what is no envelope", len(r.Actions), r.Err)
			}
			return
		}
		if r.Err != nil || len(r.Actions) != len(raws) {
			t.Fatalf("%d actions of %d, error %v", len(r.Actions), len(raws), r.Err)
		}
		for i, raw := range raws {
			checkAction(t, raw, &r.Actions[i], known)
		}
	})
}

// split splits an envelope into its actions, and says whether it has no field that is
// not known and whether it is well formed.
func split(b []byte) (raws [][]byte, known, whole bool) {
	known = true
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeField(b)
		if n < 0 || num > protowire.MaxValidNumber { // which protobuf looks at, and protowire does not
			return nil, false, false
		}
		_, _, head := protowire.ConsumeTag(b)
		switch {
		case num == 3 && typ == protowire.BytesType:
			raw, _ := protowire.ConsumeBytes(b[head:n])
			raws = append(raws, raw)
		case (num == 1 || num == 2) && typ == protowire.VarintType:
		default:
			known = false
		}
		b = b[n:]
	}
	return raws, known, true
}

// checkAction compares an action with what protobuf says of its bytes.
func checkAction(t *testing.T, raw []byte, a *envelope.Action, known bool) {
	if (a.Bad == nil) != (a.Action != nil) {
		t.Fatalf("%v, and %v", a.Action, a.Bad)
	}
	want := &hubv1.Action{}
	err := proto.Unmarshal(raw, want)
	hello := want.GetHello() != nil
	strange := isStrange(want.ProtoReflect())
	switch {
	case err != nil && a.Bad == nil:
		t.Fatalf("%x is no action (%v), but is decoded: %v", raw, err, a.Action)
	case err != nil:
	case !hello && (strange || !known) && a.Bad == nil:
		t.Fatalf("%v is carried out", want)
	case a.Bad != nil && known && !mayRefuse(raw, want, a.Bad):
		t.Fatalf("%v is refused: %v", want, a.Bad)
	case a.Bad == nil:
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, want); err != nil || !proto.Equal(a.Action, want) {
			t.Fatalf("decoded\n%v\nprotobuf says\n%v", a.Action, want)
		}
	}
}
