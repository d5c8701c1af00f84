package envelope_test

import (
	"testing"

	"google.golang.org/grpc/mem"
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
	gotErr := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(b[:half]), mem.SliceBuffer(b[half:])}, got)
	if (wantErr == nil) != (gotErr == nil) {
		t.Fatalf("error %v, protobuf says %v", gotErr, wantErr)
	}
	if wantErr != nil {
		return
	}
	if !proto.Equal(got, want) {
		t.Fatalf("decoded\n%v\nprotobuf says\n%v", got, want)
	}
	known, again := empty(), empty()
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, known); err != nil {
		t.Fatal(err)
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
