package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Instance is a process of a service that a case plays against a hub: one stream of it.
// It numbers its envelopes and gives receipts, as a kit does.
type Instance struct {
	t      *T
	hello  *hubv1.Hello
	rpc    grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	cancel context.CancelFunc
	over   chan struct{}

	// Guarded by t.mu.
	welcome       *hubv1.Welcome
	items         []*hubv1.Item // that no case has taken
	sent, applied uint64        // envelopes: of this side, of the hub
	acked         uint64        // of this side, as the hub says
	ended         *hubv1.Status // what Item.ended said
	err           error         // of the call; nil while it lives
	done          bool
	commands      uint64
}

// place is a group and a namespace of a case's own.
type place struct{ group, namespace string }

var places = strings.ToLower(rand.Text()[:8])
var placeNumber atomic.Int64

func newPlace() place {
	n := placeNumber.Add(1)
	return place{group: fmt.Sprintf("conform-%s-%d", places, n), namespace: fmt.Sprintf("/conform-%s-%d", places, n)}
}

// asks are the subscriptions of a service that has the place to itself.
func (p place) asks(changes ...func(authorizer, handler *hubv1.Subscription)) []*hubv1.Subscription {
	authorizer := &hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: p.namespace, Id: 1}
	handler := &hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: p.namespace, Id: 2, Kinds: []hubv1.Kind{
		hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_ROOMS, hubv1.Kind_KIND_SERVICE_CALL,
	}}
	for _, change := range changes {
		change(authorizer, handler)
	}
	return []*hubv1.Subscription{authorizer, handler}
}

func (p place) hello(name string, subscriptions ...*hubv1.Subscription) *hubv1.Hello {
	return &hubv1.Hello{Group: p.group, InstanceId: p.group + "-" + name, Version: "conform", Subscriptions: subscriptions}
}

// open begins a stream and sends its first actions.
func (t *T) open(first *hubv1.AttachRequest) *Instance {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Instance{t: t, cancel: cancel, over: make(chan struct{}), sent: first.GetEnvelopeSeq()}
	rpc, err := t.opts.Target.Attach.Attach(ctx, grpc.MaxCallRecvMsgSize(64<<20), grpc.ForceCodec(rough{}))
	if err != nil {
		cancel()
		t.fail("B1", "a stream to the hub", "%v", err)
	}
	s.rpc = rpc
	t.Cleanup(func() {
		cancel()
		<-s.over
	})
	go s.receive() // ends with the call
	s.raw(first)
	return s
}

// attach says hello and waits for the welcome.
func (t *T) attach(hello *hubv1.Hello) *Instance {
	s := t.open(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}})
	s.hello = hello
	t.until("S1", "a welcome", func() bool { return s.welcome != nil || s.done })
	t.check("S1", s.welcome != nil, "a welcome", "%v %s", s.err, short(s.ended))
	return s
}

// back says hello again, on a new stream, to take the attachment up.
func (s *Instance) back() *Instance {
	hello := &hubv1.Hello{
		Group: s.hello.Group, InstanceId: s.hello.InstanceId, Subscriptions: s.hello.Subscriptions,
		Resume: &hubv1.Resume{Attachment: s.welcome.GetAttachment(), HubId: s.welcome.GetHubId(), AckEnvelopeSeq: s.applied},
	}
	return s.backWith(hello)
}

func (s *Instance) backWith(hello *hubv1.Hello) *Instance {
	next := s.t.open(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}})
	s.t.until("R2", "a welcome", func() bool { return next.welcome != nil || next.done })
	s.t.check("R2", next.welcome != nil, "a welcome", "%v %s", next.err, short(next.ended))
	s.t.locked(func() {
		next.hello, next.sent = hello, next.welcome.GetAckEnvelopeSeq()
		next.commands = s.commands
	})
	return next
}

// receive is the only one that receives.
func (s *Instance) receive() {
	defer close(s.over)
	for {
		envelope, err := s.rpc.Recv()
		s.t.mu.Lock()
		if err != nil {
			if s.done = true; !errors.Is(err, io.EOF) {
				s.err = err
			}
			s.t.touch()
			s.t.mu.Unlock()
			return
		}
		s.take(envelope)
		s.t.touch()
		s.t.mu.Unlock()
	}
}

// take needs t.mu.
func (s *Instance) take(envelope *hubv1.AttachResponse) {
	if n := envelope.GetEnvelopeSeq(); n != 0 {
		if s.applied != 0 && n != s.applied+1 {
			s.t.violate("R1", "envelopes numbered 1, 2, 3, …", "#%d after #%d", n, s.applied)
		}
		s.applied = n
	}
	if ack := envelope.GetAckEnvelopeSeq(); ack != 0 {
		if ack < s.acked {
			s.t.violate("R1", "a receipt that never goes back", "%d after %d", ack, s.acked)
		}
		s.acked = ack
	}
	for _, i := range envelope.GetItems() {
		switch kind := i.GetKind().(type) {
		case *hubv1.Item_Welcome:
			if s.welcome != nil {
				s.t.violate("S1", "one welcome", "a second one")
			}
			s.welcome = kind.Welcome
		case *hubv1.Item_Ended:
			s.ended = kind.Ended.GetStatus()
		default:
			s.items = append(s.items, i)
		}
	}
}

// raw sends an envelope as it is.
func (s *Instance) raw(r *hubv1.AttachRequest) {
	_ = s.rpc.Send(r) // receive learns why it fails
}

// say sends actions in one envelope.
func (s *Instance) say(actions ...*hubv1.Action) {
	s.t.mu.Lock()
	s.sent++
	r := &hubv1.AttachRequest{EnvelopeSeq: s.sent, AckEnvelopeSeq: s.applied, Actions: actions}
	s.t.mu.Unlock()
	s.raw(r)
}

// cut breaks the stream.
func (s *Instance) cut() {
	s.cancel()
	<-s.over
}

// item waits for an item that is one of some, and takes it.
func (s *Instance) item(rule, want string, is func(*hubv1.Item) bool) (found *hubv1.Item) {
	if !s.t.happens(s.t.opts.Patience, func() bool {
		for n, i := range s.items {
			if is(i) {
				found, s.items = i, append(s.items[:n:n], s.items[n+1:]...)
				return true
			}
		}
		return s.done
	}) || found == nil {
		s.t.fail(rule, want, "%s", s.seen())
	}
	return found
}

// seen tells what came, for people.
func (s *Instance) seen() string {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	var parts []string
	for n, i := range s.items {
		if n >= len(s.items)-5 {
			parts = append(parts, short(i))
		}
	}
	if s.done {
		parts = append(parts, fmt.Sprintf("the end: %v %s", s.err, short(s.ended)))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// end waits for the end of the stream with a code, and with a reason where one is given.
func (s *Instance) end(rule string, code hubv1.Code, reason string) {
	want := fmt.Sprintf("the end of the stream with %s %s", code, reason)
	s.t.until(rule, want, func() bool { return s.done })
	got := hubv1.Code(status.Code(s.err))
	s.t.check(rule, got == code, want, "%v", s.err)
	if reason != "" {
		s.t.check(rule, s.ended.GetReason() == reason && s.ended.GetCode() == code, want+" in Item.ended", "%s", short(s.ended))
		s.t.check(rule, detailOf(s.err).GetReason() == reason, want+" as the error's detail", "%v", status.Convert(s.err).Details())
	}
}

func detailOf(err error) *hubv1.Status {
	for _, detail := range status.Convert(err).Details() {
		if s, ok := detail.(*hubv1.Status); ok {
			return s
		}
	}
	return nil
}
