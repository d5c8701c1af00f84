package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// script is a hub that a test plays by hand: it sees each stream as it opens, and
// each envelope as it comes.
type script struct {
	streams chan *scriptStream
	opened  atomic.Int32
	refuse  atomic.Pointer[error] // what opening a stream gives
}

func newScript() *script { return &script{streams: make(chan *scriptStream, 16)} }

func (s *script) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return status.Error(codes.Unimplemented, "no unary calls")
}

func (s *script) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	s.opened.Add(1)
	if err := s.refuse.Load(); err != nil {
		return nil, *err
	}
	st := &scriptStream{
		ctx: ctx, up: make(chan *hubv1.AttachRequest), down: make(chan *hubv1.AttachResponse, 64),
		end: make(chan error, 1), half: make(chan struct{}),
	}
	select {
	case s.streams <- st:
		return st, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

type scriptStream struct {
	ctx  context.Context
	up   chan *hubv1.AttachRequest // unbuffered: Send blocks until the test reads
	down chan *hubv1.AttachResponse
	end  chan error
	half chan struct{}
}

func (s *scriptStream) SendMsg(m any) error {
	select {
	case s.up <- proto.CloneOf(m.(*hubv1.AttachRequest)):
		return nil
	case <-s.ctx.Done():
		return io.EOF
	}
}

func (s *scriptStream) RecvMsg(m any) error {
	select {
	case r := <-s.down: // before the end
		proto.Merge(m.(proto.Message), r)
		return nil
	default:
	}
	select {
	case r := <-s.down:
		proto.Merge(m.(proto.Message), r)
		return nil
	case err := <-s.end:
		return err
	case <-s.ctx.Done():
		return status.FromContextError(s.ctx.Err()).Err()
	}
}

func (s *scriptStream) CloseSend() error             { close(s.half); return nil }
func (s *scriptStream) Header() (metadata.MD, error) { return nil, nil }
func (s *scriptStream) Trailer() metadata.MD         { return nil }
func (s *scriptStream) Context() context.Context     { return s.ctx }

func (s *scriptStream) say(items ...*hubv1.Item) { s.down <- &hubv1.AttachResponse{Items: items} }

// welcome reads the hello and answers it.
func (s *scriptStream) welcome(change ...func(*hubv1.Welcome)) *hubv1.Hello {
	hello := (<-s.up).GetActions()[0].GetHello()
	w := &hubv1.Welcome{HubId: "script", CommandWindow: 4, HeartbeatInterval: durationpb.New(time.Second)}
	for range hello.GetSubscriptions() {
		w.Subscriptions = append(w.Subscriptions, &hubv1.SubscriptionResult{})
	}
	for _, c := range change {
		c(w)
	}
	s.say(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: w}})
	return hello
}

// read returns all actions until one is of the wanted kind, heartbeats left out.
func (s *scriptStream) read() []*hubv1.Action {
	for {
		var actions []*hubv1.Action
		for _, a := range (<-s.up).GetActions() {
			if a.GetHeartbeat() == nil {
				actions = append(actions, a)
			}
		}
		if len(actions) > 0 {
			return actions
		}
	}
}

func event(seq uint64, socket, name string) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{
		DeliverySeq: seq, Attempt: 1, SubscriptionId: 2, Socket: &hubv1.Socket{Id: socket, Namespace: "/"},
		Body: &hubv1.Delivery_Event{Event: &hubv1.Event{Name: name, WantsAck: true}},
	}}}
}

// play runs a service against a script. The test ends the service; play checks
// what Run returns.
func play(t *testing.T, svc *Service, want error) *script {
	hub := newScript()
	ended := make(chan error, 1)
	go func() { ended <- svc.RunOn(context.Background(), hub) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		svc.Close(ctx)
		if err := <-ended; !errors.Is(err, want) {
			t.Errorf("Run: %v, want %v", err, want)
		}
	})
	return hub
}

func scripted(opts Options) *Service {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return New("script", opts)
}
