package envelope

import (
	"fmt"
	"hash/maphash"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto" // registers the codec that stands behind this one
	"google.golang.org/grpc/mem"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Codec is the codec of one end: Hub, or one that Service made.
type Codec struct {
	protobuf encoding.CodecV2
	seen     *seen // nil at the hub's end
}

// Hub is the codec for the hub's gRPC server: it decodes into a Request what a service
// sends on Attach, and into a Call the request of any other call. Other messages have
// protobuf. It is safe for concurrent use.
func Hub() *Codec { return &Codec{protobuf: encoding.GetCodecV2(proto.Name)} }

// Service returns a codec for one Attach call of a service: what it has decoded
// helps it to decode the next envelope. It decodes one message at a time; encoding is
// safe for concurrent use.
func Service() *Codec {
	c := Hub()
	c.seen = &seen{seed: maphash.MakeSeed()}
	return c
}

// Name implements encoding.CodecV2: on the wire it is protobuf.
func (c *Codec) Name() string { return proto.Name }

// Marshal implements encoding.CodecV2.
func (c *Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *hubv1.AttachResponse:
		return encode(m.EnvelopeSeq, m.AckEnvelopeSeq, m.Items)
	case *hubv1.AttachRequest:
		return encode(m.EnvelopeSeq, m.AckEnvelopeSeq, m.Actions)
	}
	return c.protobuf.Marshal(v)
}

// Unmarshal implements encoding.CodecV2. Into a Request and a Call it never fails: what
// is wrong stands in there.
func (c *Codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *hubv1.AttachResponse:
		if c.responseOf(data, m) {
			return nil
		}
	case *Request:
		if m.Pace != nil {
			m.Pace.Begin(data.Len())
		}
		m.decode(data)
		return nil
	case *Call:
		if m.Pace != nil {
			m.Pace.Begin(data.Len())
		}
		m.decode(data)
		return nil
	}
	// HardMaxBytes is for envelopes, which are not decoded beyond MaxBytes.
	if size := data.Len(); c.seen == nil && size > MaxBytes {
		return fmt.Errorf("envelope: a message of %d bytes, %d are allowed", size, MaxBytes)
	}
	return c.protobuf.Unmarshal(data, v)
}

// ownedBytes is the size from which an envelope of the hub is likely to have one
// payload that fills it.
const ownedBytes = 32 << 10

// responseOf decodes an envelope of the hub, or reports false: then protobuf has to
// decide.
func (c *Codec) responseOf(data mem.BufferSlice, to *hubv1.AttachResponse) bool {
	if data.Len() >= ownedBytes {
		return c.response(data.Materialize(), true, to)
	}
	buf := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buf.Free()
	return c.response(buf.ReadOnlyData(), false, to)
}
