//go:build !race

package service

import (
	"context"
	"encoding/json"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// allocsPerEcho is what the kit allocates, as measured, for an event that is
// decoded, bound, answered and encoded: all but gRPC's transport. Whoever lowers the
// figure lowers the bound.
const allocsPerEcho = 18

// thriftyHub sends an event whenever one is asked for, and allocates nothing.
type thriftyHub struct {
	scriptStream
	welcomed bool
	asked    chan struct{}
	answered chan struct{}
	envelope *hubv1.AttachResponse
	buf      []byte
	codec    encoding.CodecV2 // what the kit asks gRPC to use
}

func (h *thriftyHub) SendMsg(m any) error {
	request := m.(*hubv1.AttachRequest)
	data, err := h.codec.Marshal(request)
	if err != nil {
		return err
	}
	data.Free()
	for _, a := range request.GetActions() {
		if a.GetSettlement().GetReply() != nil {
			h.answered <- struct{}{}
		}
	}
	return nil
}

func (h *thriftyHub) RecvMsg(m any) error {
	if !h.welcomed {
		h.welcomed = true
		proto.Merge(m.(proto.Message), &hubv1.AttachResponse{Items: []*hubv1.Item{
			{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{CommandWindow: 16, Subscriptions: []*hubv1.SubscriptionResult{{}, {}}}}},
		}})
		return nil
	}
	select {
	case <-h.asked:
	case <-h.ctx.Done():
		return io.EOF
	}
	h.envelope.Items[0].GetDelivery().DeliverySeq++
	h.buf, _ = proto.MarshalOptions{}.MarshalAppend(h.buf[:0], h.envelope)
	return h.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(h.buf)}, m)
}

// CloseSend replaces scriptStream's, which tells a test.
func (*thriftyHub) CloseSend() error { return nil }

type thriftyConn struct {
	script
	hub *thriftyHub
}

func (c *thriftyConn) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	c.hub.ctx = ctx
	for _, o := range options {
		if force, ok := o.(grpc.ForceCodecV2CallOption); ok {
			c.hub.codec = force.CodecV2
		}
	}
	return c.hub, nil
}

func TestAllocs_Echo(t *testing.T) {
	svc := scripted(Options{})
	svc.Namespace("/").AllowAnyone().On("echo", func(_ context.Context, e *Event) error {
		var data json.RawMessage
		if err := e.Bind(&data); err != nil {
			return err
		}
		return e.Reply(data)
	})
	hub := &thriftyHub{
		asked: make(chan struct{}, 1), answered: make(chan struct{}, 1),
		envelope: &hubv1.AttachResponse{Items: []*hubv1.Item{echoEvent(0, 1)}},
	}
	ended := make(chan error, 1)
	go func() { ended <- svc.RunOn(context.Background(), &thriftyConn{hub: hub}) }()
	n := testing.AllocsPerRun(500, func() {
		hub.asked <- struct{}{}
		<-hub.answered
	})
	if n > allocsPerEcho {
		t.Errorf("%v allocations for an echo, bound %v", n, allocsPerEcho)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	svc.Close(ctx)
	<-ended
}
