package chaos_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/chaos"
)

// survivor is a service on the bare contract that resumes: it numbers its envelopes,
// keeps those without a receipt, and says them again. It does to events what
// ./instance does, and keeps its ledger in memory.
type survivor struct {
	conn *grpc.ClientConn

	mu sync.Mutex // guards the fields below
	// hub and attachment name what is resumed; resumes counts how often it was.
	hub        string
	attachment []byte
	resumes    int
	// number is that of the last envelope, kept those without a receipt; next is the
	// first of them that the present stream has not sent.
	number uint64
	kept   []envelope
	next   int
	// received is the last envelope of the hub that was applied.
	received uint64
	// commands are those without a result, lanes the work of each socket.
	commands map[uint64]bool
	command  uint64
	lanes    map[string]chan *hubv1.Delivery
	records  []chaos.Record
	problems []string

	wake chan struct{}
	work sync.WaitGroup
}

type envelope struct {
	number  uint64
	actions []*hubv1.Action
}

const laneRoom = 1024

func newSurvivor(address string) (*survivor, error) {
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 2, MaxDelay: 20 * time.Millisecond}}))
	if err != nil {
		return nil, err
	}
	return &survivor{conn: conn, commands: map[uint64]bool{}, lanes: map[string]chan *hubv1.Delivery{}, wake: make(chan struct{}, 1)}, nil
}

// run attaches, and resumes whenever the stream breaks, until the context ends.
func (s *survivor) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.attach(ctx)
	}
	s.mu.Lock()
	for _, lane := range s.lanes {
		close(lane)
	}
	s.lanes = nil
	s.mu.Unlock()
	s.work.Wait()
	_ = s.conn.Close()
}

// attach lives for as long as a stream does.
func (s *survivor) attach(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := hubv1.NewAttachServiceClient(s.conn).Attach(ctx, grpc.WaitForReady(true))
	if err != nil || stream.Send(s.hello()) != nil {
		return
	}
	first, err := stream.Recv()
	if err != nil || !s.welcomed(first) {
		return
	}
	var writer sync.WaitGroup
	writer.Go(func() { s.write(ctx, stream) })
	defer writer.Wait()
	defer cancel()
	for {
		e, err := stream.Recv()
		if err != nil {
			return
		}
		s.apply(e)
	}
}

// hello begins an attachment, or takes it up again.
func (s *survivor) hello() *hubv1.AttachRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &hubv1.Hello{Group: "cuts", InstanceId: "survivor", Subscriptions: []*hubv1.Subscription{
		{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: chaos.Namespace},
		{Role: hubv1.Role_ROLE_HANDLER, Namespace: chaos.Namespace},
	}}
	r := &hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: h}}}}
	if s.attachment != nil {
		h.Resume = &hubv1.Resume{Attachment: s.attachment, HubId: s.hub, AckEnvelopeSeq: s.received}
		r.EnvelopeSeq = 0
	}
	return r
}

// welcomed goes on where the hub says.
func (s *survivor) welcomed(e *hubv1.AttachResponse) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := e.GetItems()[0].GetWelcome()
	switch {
	case w == nil:
		s.complain("instead of a welcome: %v", e)
		return false
	case s.attachment == nil:
		s.number = 1 // the hello
	case !w.Resumed || len(w.Revoked) > 0:
		s.complain("not resumed after %d times, revoked %v", s.resumes, w.Revoked)
		s.kept, s.number, s.received = nil, w.AckEnvelopeSeq, e.EnvelopeSeq-1
	default:
		s.resumes++
	}
	s.hub, s.attachment = w.HubId, w.Attachment
	s.follows(e)
	s.receipt(w.AckEnvelopeSeq)
	s.next = 0
	if len(s.kept) > 0 && s.kept[0].number != w.AckEnvelopeSeq+1 {
		s.complain("the hub has applied %d, kept are %d and more", w.AckEnvelopeSeq, s.kept[0].number)
	}
	return true
}

// follows sees that no envelope of the hub is missing or twice.
func (s *survivor) follows(e *hubv1.AttachResponse) {
	if e.EnvelopeSeq != s.received+1 {
		s.complain("envelope %d after %d", e.EnvelopeSeq, s.received)
	}
	s.received = e.EnvelopeSeq
}

// receipt forgets what the hub has applied.
func (s *survivor) receipt(number uint64) {
	n := 0
	for n < len(s.kept) && s.kept[n].number <= number {
		n++
	}
	s.kept, s.next = slices.Delete(s.kept, 0, n), max(0, s.next-n)
}

// write sends what is kept, and a heartbeat each second.
func (s *survivor) write(ctx context.Context, stream grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]) {
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		s.mu.Lock()
		var r *hubv1.AttachRequest
		if s.next < len(s.kept) {
			r = &hubv1.AttachRequest{EnvelopeSeq: s.kept[s.next].number, AckEnvelopeSeq: s.received, Actions: s.kept[s.next].actions}
			s.next++
		}
		s.mu.Unlock()
		if r != nil {
			if stream.Send(r) != nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-beat.C:
			s.say(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
		}
	}
}

// say numbers an envelope; it is sent on the stream of the moment, or the next.
func (s *survivor) say(actions ...*hubv1.Action) {
	s.mu.Lock()
	s.number++
	s.kept = append(s.kept, envelope{s.number, actions})
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// apply takes an envelope of the hub.
func (s *survivor) apply(e *hubv1.AttachResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follows(e)
	s.receipt(e.AckEnvelopeSeq)
	for _, item := range e.Items {
		switch kind := item.Kind.(type) {
		case *hubv1.Item_Delivery:
			s.take(kind.Delivery)
		case *hubv1.Item_Result:
			s.result(kind.Result)
		case *hubv1.Item_Revoked:
			if kind.Revoked.Reason != "BROWSER_GONE" {
				s.complain("revoked: %v", kind.Revoked)
			}
		}
	}
}

// take gives a delivery to the lane of its socket. A connect attempt has no order.
func (s *survivor) take(d *hubv1.Delivery) {
	if d.Attempt != 1 {
		s.complain("attempt %d of %v", d.Attempt, d)
	}
	if d.GetConnectAttempt() != nil {
		s.work.Go(func() { s.settle(d, &hubv1.Settlement{Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}}) })
		return
	}
	lane := s.lanes[d.Socket.Id]
	if lane == nil {
		lane = make(chan *hubv1.Delivery, laneRoom)
		s.lanes[d.Socket.Id] = lane
		s.work.Go(func() {
			for d := range lane {
				s.handle(d)
			}
		})
	}
	lane <- d // the window is not larger
}

// handle deals with one delivery, and holds some of them for a while.
func (s *survivor) handle(d *hubv1.Delivery) {
	r := chaos.Record{Run: "survivor", Socket: d.Socket.Id, DedupeID: hex.EncodeToString(d.DedupeId), Attempt: int(d.Attempt)}
	done := &hubv1.Settlement{Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
	switch body := d.Body.(type) {
	case *hubv1.Delivery_Connected:
		r.Kind = chaos.Connected
		s.record(r)
		s.settle(d, done)
	case *hubv1.Delivery_Disconnected:
		r.Kind, r.Reason = chaos.Disconnected, body.Disconnected.Reason
		s.record(r)
		s.settle(d, done)
	case *hubv1.Delivery_Event:
		r.Kind = chaos.Event
		r.N, _ = strconv.Atoi(string(body.Event.Payload.Args[1 : len(body.Event.Payload.Args)-1]))
		s.record(r)
		if r.N%4 == 0 {
			s.work(time.Duration(r.N%7) * 4 * time.Millisecond) // so that a cut finds what is held
		}
		if !body.Event.WantsAck {
			s.settle(d, done)
			return
		}
		s.settle(d, &hubv1.Settlement{Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: body.Event.Payload}}}, s.seen(d))
	}
}

// work takes time, as a handler's does.
func (*survivor) work(d time.Duration) { <-time.After(d) }

func (s *survivor) record(r chaos.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

// seen is the emit before the acknowledgement. Its result has to come, once.
func (s *survivor) seen(d *hubv1.Delivery) *hubv1.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.command++
	s.commands[s.command] = true
	return &hubv1.Action{Kind: &hubv1.Action_Command{Command: &hubv1.Command{
		CommandId: s.command, DeliverySeq: d.DeliverySeq, Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
			Target: &hubv1.Target{Namespace: chaos.Namespace, Sockets: []string{d.Socket.Id}},
			Event:  "seen", Payload: d.GetEvent().Payload,
		}},
	}}}
}

func (s *survivor) settle(d *hubv1.Delivery, with *hubv1.Settlement, before ...*hubv1.Action) {
	m := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: with.Outcome}
	s.say(append(before, &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: m}})...)
}

// result takes the result of a command. A settlement has none: none of them may fail but
// the accept of a browser that has gone.
func (s *survivor) result(r *hubv1.Result) {
	switch {
	case r.CommandId != 0 && !s.commands[r.CommandId]:
		s.complain("a second result: %v", r)
	case r.CommandId == 0 && r.Status.GetCode() != hubv1.Code_CODE_CANCELLED, r.CommandId != 0 && r.Status.GetCode() != 0:
		s.complain("result: %v", r)
	}
	delete(s.commands, r.CommandId)
}

// complain notes a broken promise.
func (s *survivor) complain(format string, args ...any) {
	if len(s.problems) < 50 {
		s.problems = append(s.problems, fmt.Sprintf(format, args...))
	}
}
