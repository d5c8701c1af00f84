package controlplane

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// rawCodec sends bytes as they are, under the name of the ordinary codec.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = rawCodec{}

// rawAttach sends one message of any bytes on a stream and returns how it ends.
func rawAttach(t *testing.T, conn *grpc.ClientConn, method string, message []byte, opts ...grpc.CallOption) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	opts = append(opts, grpc.ForceCodecV2(rawCodec{}))
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, opts...)
	if err != nil {
		return err
	}
	_ = stream.SendMsg(&message) // how it ends is in the answer
	var answer []byte
	for err == nil {
		err = stream.RecvMsg(&answer)
	}
	return err
}

// Table (c), gRPC: what the codec and the transport refuse, with a bystander.
func TestWire_BadMessagesEndTheirOwnStreamAlone(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		bystander := w.chat("a")
		b := w.join(bystander)
		const attach = "/hub.v1.AttachService/Attach"
		conn := w.dial()
		for name, c := range map[string]struct {
			method  string
			message []byte
			code    codes.Code
		}{
			"no protobuf":    {attach, []byte{0xff, 0xff, 0xff}, codes.InvalidArgument},
			"bad UTF-8":      {attach, []byte{0x1a, 0x07, 0x0a, 0x05, 0x0a, 0x03, 'g', 0xff, 'h'}, codes.InvalidArgument},
			"cut off":        {attach, []byte{0x1a, 0xff, 0xff, 0xff, 0x7f}, codes.InvalidArgument},
			"too large":      {attach, make([]byte, 17<<20), codes.ResourceExhausted},
			"unknown method": {"/hub.v1.AttachService/Detach", nil, codes.Unimplemented},
			"unknown":        {"/hub.v1.Nothing/Nothing", nil, codes.Unimplemented},
		} {
			if err := rawAttach(t, conn, c.method, c.message); status.Code(err) != c.code {
				t.Errorf("%s: %v, want %v", name, err, c.code)
			}
		}
		b.emit(1, "still", "")
		bystander.Reply(bystander.Event("still"), `[]`)
		b.Expect(`43/chat,1[]`)
	})
}

func TestWire_LargeMetadataIsRefused(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		bystander := w.chat("a")
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-large", strings.Repeat("x", 20<<10))
		_, err := hubv1.NewControlServiceClient(w.dial()).CountSockets(ctx, &hubv1.CountSocketsRequest{})
		if err == nil || status.Code(err) == codes.OK {
			t.Error("20 KiB of metadata are taken")
		}
		w.join(bystander)
	})
}

func TestWire_StreamsOfOneConnectionAreBounded(t *testing.T) {
	inBubble(t, Config{Stream: StreamConfig{MaxCalls: 2}}, func(t *testing.T, w *world) {
		conn := w.dial()
		for range 2 {
			controlplanetest.Open(t, conn)
		}
		w.pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client := hubv1.NewControlServiceClient(conn)
		if _, err := client.CountSockets(ctx, &hubv1.CountSocketsRequest{}); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("a third call: %v", err)
		}
		w.chat("a") // on another connection
	})
}
