package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// pump is a stream that hands out events and counts their answers: everything of
// the echo path but gRPC's transport. Messages pass through their wire form.
type pump struct {
	scriptStream
	batch, total int
	sent         int
	flight       chan struct{} // one element for each event without an answer
	answered     atomic.Int64
	done         chan struct{}
	welcomed     bool
}

func (p *pump) SendMsg(m any) error {
	data, err := proto.Marshal(m.(proto.Message))
	if err != nil {
		return err
	}
	_ = data
	for _, a := range m.(*hubv1.AttachRequest).GetActions() {
		if a.GetSettlement().GetReply() == nil {
			continue
		}
		<-p.flight
		if p.answered.Add(1) == int64(p.total) {
			close(p.done)
		}
	}
	return nil
}

func (p *pump) RecvMsg(m any) error {
	envelope := &hubv1.AttachResponse{}
	if !p.welcomed {
		p.welcomed = true
		envelope.Items = []*hubv1.Item{{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{CommandWindow: 16, Subscriptions: []*hubv1.SubscriptionResult{{}, {}}}}}}
	}
	for len(envelope.Items) < p.batch && p.sent < p.total {
		if len(envelope.Items) == 0 {
			p.flight <- struct{}{}
		} else {
			select {
			case p.flight <- struct{}{}:
			default:
				goto full
			}
		}
		p.sent++
		envelope.Items = append(envelope.Items, echoEvent(uint64(p.sent), p.sent%100))
	}
full:
	if len(envelope.Items) == 0 {
		<-p.ctx.Done()
		return io.EOF
	}
	data, err := proto.Marshal(envelope)
	if err != nil {
		return err
	}
	return proto.Unmarshal(data, m.(proto.Message))
}

// CloseSend replaces scriptStream's, which tells a test.
func (*pump) CloseSend() error { return nil }

func echoEvent(seq uint64, socket int) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{
		DeliverySeq: seq, Attempt: 1, DedupeId: make([]byte, 16),
		Socket:         &hubv1.Socket{Id: "socket-0123456789-" + strconv.Itoa(socket), Namespace: "/"},
		SubscriptionId: 2, Body: &hubv1.Delivery_Event{Event: &hubv1.Event{
			Name: "echo", WantsAck: true, ReceiveTime: timestamppb.Now(),
			Payload: &hubv1.Payload{Args: []byte(`["01234567890123456789012345678901"]`)},
		}},
	}}}
}

type pumpConn struct {
	script
	pump *pump
}

func (c *pumpConn) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	c.pump.ctx = ctx
	return c.pump, nil
}

// BenchmarkEcho is an event that is bound and answered: 100 in flight over 100
// sockets, in envelopes of at most that many. The pump's own encoding is in it.
func BenchmarkEcho(b *testing.B) {
	for _, batch := range []int{1, 16, 100} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			b.ReportAllocs()
			svc := scripted(Options{})
			svc.Namespace("/").AllowAnyone().On("echo", func(_ context.Context, e *Event) error {
				var data json.RawMessage
				if err := e.Bind(&data); err != nil {
					return err
				}
				return e.Reply(data)
			})
			p := &pump{batch: batch, total: b.N, flight: make(chan struct{}, 100), done: make(chan struct{})}
			ended := make(chan error, 1)
			go func() { ended <- svc.RunOn(context.Background(), &pumpConn{pump: p}) }()
			<-p.done
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			svc.Close(ctx)
			<-ended
		})
	}
}

func BenchmarkEmit(b *testing.B) {
	b.ReportAllocs()
	target := scripted(Options{}).To("room")
	for b.Loop() {
		if _, _, err := newEmit(target, "message", []any{"alice", "hello, everybody", 7}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBind(b *testing.B) {
	args := []byte(`["hello, everybody",{"b":1,"a":9007199254740993,"c":"<&>"}]`)
	b.ReportAllocs()
	for b.Loop() {
		var text string
		var raw json.RawMessage
		if err := bindArgs(args, nil, []any{&text, &raw}); err != nil {
			b.Fatal(err)
		}
	}
}
