package controlplane

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// resumer is a service that numbers its envelopes, gives receipts and takes its
// attachment up after each cut, as the contract says.
type resumer struct {
	t     *testing.T
	hello *hubv1.Hello

	welcome *hubv1.Welcome
	next    uint64                 // number of its next envelope
	sent    []*hubv1.AttachRequest // without a receipt
	got     uint64                 // number of the last envelope of the hub
	items   []*hubv1.Item          // that came and were not looked at
	wire    *wire
	old     []*wire // half-open ones
}

// wire is one stream.
type wire struct {
	stream grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	cancel context.CancelFunc
	in     chan *hubv1.AttachResponse
	ended  chan struct{}
	err    error // set before ended is closed
}

func openWire(t *testing.T, conn *grpc.ClientConn) *wire {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := hubv1.NewAttachServiceClient(conn).Attach(ctx)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	w := &wire{stream: stream, cancel: cancel, in: make(chan *hubv1.AttachResponse, 1<<12), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for {
			e, err := stream.Recv()
			if err != nil {
				w.err = err
				return
			}
			w.in <- e
		}
	}()
	t.Cleanup(w.cut)
	return w
}

// cut breaks the stream; what has come and was not looked at is lost.
func (w *wire) cut() {
	w.cancel()
	<-w.ended
}

// receive waits for the next envelope; nil at the end of the stream.
func (w *wire) receive() *hubv1.AttachResponse {
	select {
	case e := <-w.in:
		return e
	case <-w.ended:
		select {
		case e := <-w.in:
			return e
		default:
			return nil
		}
	}
}

func newResumer(t *testing.T, hello *hubv1.Hello) *resumer {
	return &resumer{t: t, hello: hello, next: 1}
}

// attach says hello, resuming what it had. It reports whether it was resumed.
func (r *resumer) attach(conn *grpc.ClientConn) bool {
	r.t.Helper()
	r.wire = openWire(r.t, conn)
	hello := proto.CloneOf(r.hello)
	first := &hubv1.AttachRequest{}
	if r.welcome == nil {
		first.EnvelopeSeq = 1
		r.next = 2
	} else {
		hello.Resume = &hubv1.Resume{Attachment: r.welcome.Attachment, HubId: r.welcome.HubId, AckEnvelopeSeq: r.got}
	}
	first.Actions = []*hubv1.Action{helloAction(hello)}
	if err := r.wire.stream.Send(first); err != nil {
		r.t.Fatal(err)
	}
	e := r.wire.receive()
	if e == nil {
		r.t.Fatalf("no welcome: %v", r.wire.err)
	}
	welcome := e.Items[0].GetWelcome()
	if welcome == nil {
		r.t.Fatalf("the first item is no welcome: %v", e)
	}
	r.welcome = welcome
	if hello.Resume == nil {
		r.got = e.EnvelopeSeq
		return false
	}
	if !welcome.Resumed {
		r.sent, r.got, r.next = nil, e.EnvelopeSeq, welcome.AckEnvelopeSeq+1
		return false
	}
	r.take(e)
	r.receipt(welcome.AckEnvelopeSeq)
	for _, again := range r.sent {
		again.AckEnvelopeSeq = r.got
		r.write(again)
	}
	return true
}

// take notes an envelope of the hub: their numbers have no gap.
func (r *resumer) take(e *hubv1.AttachResponse) {
	r.t.Helper()
	if e.EnvelopeSeq != r.got+1 {
		r.t.Fatalf("envelope %d follows %d", e.EnvelopeSeq, r.got)
	}
	r.got = e.EnvelopeSeq
	r.receipt(e.AckEnvelopeSeq)
}

// receipt forgets what the hub has applied.
func (r *resumer) receipt(number uint64) {
	for len(r.sent) > 0 && r.sent[0].EnvelopeSeq <= number {
		r.sent = r.sent[1:]
	}
}

// send sends actions in a numbered envelope.
func (r *resumer) send(actions ...*hubv1.Action) {
	e := &hubv1.AttachRequest{EnvelopeSeq: r.next, AckEnvelopeSeq: r.got, Actions: actions}
	r.next++
	r.sent = append(r.sent, e)
	r.write(e)
}

// write hands an envelope to the stream; a broken one loses it.
func (r *resumer) write(e *hubv1.AttachRequest) { _ = r.wire.stream.Send(proto.CloneOf(e)) }

// poll returns the next envelope that has come, nil if there is none.
func (r *resumer) poll() *hubv1.AttachResponse {
	select {
	case e := <-r.wire.in:
		r.take(e)
		return e
	default:
		return nil
	}
}

// item waits for the next item.
func (r *resumer) item() *hubv1.Item {
	r.t.Helper()
	for len(r.items) == 0 {
		e := r.wire.receive()
		if e == nil {
			r.t.Fatalf("the stream ended: %v", r.wire.err)
		}
		r.take(e)
		r.items = e.Items
	}
	item := r.items[0]
	r.items = r.items[1:]
	return item
}

// delivery waits for the next delivery, passing over all else.
func (r *resumer) delivery() *hubv1.Delivery {
	r.t.Helper()
	for {
		if d := r.item().GetDelivery(); d != nil {
			return d
		}
	}
}

// result waits for the next result, passing over all else.
func (r *resumer) result() *hubv1.Result {
	r.t.Helper()
	for {
		if got := r.item().GetResult(); got != nil {
			return got
		}
	}
}

// said waits for what the hub says of the end of a stream, and for its error.
func (w *wire) said() (*hubv1.Ended, error) {
	var ended *hubv1.Ended
	for e := w.receive(); e != nil; e = w.receive() {
		for _, item := range e.Items {
			if item.GetEnded() != nil {
				ended = item.GetEnded()
			}
		}
	}
	return ended, w.err
}
