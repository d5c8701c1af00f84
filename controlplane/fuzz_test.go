package controlplane

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
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// playedStream is a gRPC stream that a test plays: it brings envelopes and takes
// what is sent.
type playedStream struct {
	grpc.ServerStream
	ctx      context.Context
	incoming chan *envelope.Request
	sent     atomic.Int64
}

func (p *playedStream) Context() context.Context { return p.ctx }

// Recv is not what the hub receives with.
func (p *playedStream) Recv() (*hubv1.AttachRequest, error) { return nil, errors.ErrUnsupported }

func (p *playedStream) RecvMsg(to any) error {
	select {
	case e, ok := <-p.incoming:
		if !ok {
			return io.EOF
		}
		*to.(*envelope.Request) = *e
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// requestOf is an envelope as the codec decodes it.
func requestOf(m *hubv1.AttachRequest) *envelope.Request {
	r := &envelope.Request{EnvelopeSeq: m.EnvelopeSeq, AckEnvelopeSeq: m.AckEnvelopeSeq}
	for _, a := range m.Actions {
		r.Actions = append(r.Actions, envelope.Action{Action: a})
	}
	return r
}

func (p *playedStream) Send(e *hubv1.AttachResponse) error {
	// What gRPC does: an item that cannot be encoded would end the stream.
	if _, err := proto.Marshal(e); err != nil {
		return err
	}
	p.sent.Add(int64(len(e.Items)))
	return nil
}

// play runs a stream through Attach and returns how it ends.
func play(srv *Server, envelopes ...*envelope.Request) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &playedStream{ctx: ctx, incoming: make(chan *envelope.Request, len(envelopes))}
	for _, e := range envelopes {
		p.incoming <- e
	}
	close(p.incoming)
	return attachService{srv: srv}.Attach(p)
}

// playBeside runs a stream through Attach beside the test. It ends with the test, or by
// the function; cancel cancels the context of the stream.
func playBeside(t testing.TB, srv *Server, cancel context.CancelFunc, s grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) (stop func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = attachService{srv: srv}.Attach(s)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// newQuiet is a server with a hub and nobody in it.
func newQuiet(t testing.TB, trace *trace.Hooks) *Server {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	srv, err := New(Config{Logger: logger, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(hub.Config{Application: srv, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	srv.Bind(h)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = h.Shutdown(ctx)
		if err := srv.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return srv
}

// FuzzEnvelope feeds a stream with envelopes of any bytes: no panic, and the stream
// ends as the contract says or lives.
func FuzzEnvelope(f *testing.F) {
	hello := helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Subscriptions: []*hubv1.Subscription{
		{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/*"}, {Role: 99, Namespace: "\xff", Events: []string{"*x"}},
	}})
	for _, seed := range []*hubv1.AttachRequest{
		{}, {EnvelopeSeq: 1 << 63, AckEnvelopeSeq: 1}, {Actions: []*hubv1.Action{{}, nil, hello, hello}},
		{Actions: []*hubv1.Action{settleAction(done(1)), settleAction(&hubv1.Settlement{})}},
		{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 1 << 31, Bytes: 1 << 63}}}}},
		{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Command{Command: emitAck(target(), -1, 7)}}}},
		{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Command{Command: &hubv1.Command{
			CommandId: 1, DeliverySeq: 1, IdempotencyKey: "k", Op: emit(&hubv1.Target{Namespace: "/", All: true}, "e", "[]").Op,
		}}}}},
		{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Command{Command: &hubv1.Command{Op: &hubv1.Command_SetData{}}}}}},
		{Actions: []*hubv1.Action{settleAction(&hubv1.Settlement{DeliverySeq: 1, Outcome: &hubv1.Settlement_Nack{
			Nack: &hubv1.Nack{Retry: true, RetryDelay: &durationpb.Duration{Seconds: 1 << 62, Nanos: -1}},
		}})}},
	} {
		b, err := proto.Marshal(seed)
		if err == nil {
			f.Add(b, true)
			f.Add(b, false)
		}
	}
	f.Add([]byte{0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f}, true)
	panics := 0
	srv := newQuiet(f, &trace.Hooks{PanicRecovered: func(string) { panics++ }})
	f.Fuzz(func(t *testing.T, data []byte, welcomed bool) {
		request := &envelope.Request{}
		if err := envelope.Hub().Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, request); err != nil {
			t.Fatal(err) // gRPC would end the stream with INTERNAL
		}
		envelopes := []*envelope.Request{request}
		if welcomed {
			envelopes = []*envelope.Request{requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{hello}}), request}
		}
		err := play(srv, envelopes...)
		switch code := status.Code(err); code {
		case codes.OK, codes.InvalidArgument, codes.FailedPrecondition, codes.ResourceExhausted:
		default:
			t.Errorf("the stream ended with %v", err)
		}
		if panics != 0 {
			t.Fatal("a panic")
		}
		if n := attachedNow(srv); n != 0 {
			t.Errorf("%d instances are still attached", n)
		}
	})
}

// attachedNow counts attached instances.
func attachedNow(srv *Server) (n int) {
	for _, g := range srv.Status().Groups {
		for _, i := range g.Instances {
			if i.Attached {
				n++
			}
		}
	}
	return n
}
