package controlplane

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/internal/outqueue"
)

// named knows callers by their token, which is their name.
type named struct{}

func (named) Authenticate(_ context.Context, c access.Credentials) (*access.Identity, error) {
	if c.Token == "" {
		return nil, access.ErrTokenMissing
	}
	return &access.Identity{Name: c.Token}, nil
}

// as dials under a name.
func (w *world) as(name string) *grpc.ClientConn {
	return w.dial(grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, s grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return s(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+name), d, cc, method, opts...)
	}))
}

// joinBy lets a browser in through a service that numbers.
func (r *resumer) joinBy(w *world) *browser {
	r.t.Helper()
	b := w.browser()
	b.Send("40/chat,")
	r.send(settleAction(&hubv1.Settlement{
		DeliverySeq: r.delivery().DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}},
	}))
	b.joined("/chat")
	r.send(settleAction(done(r.delivery().DeliverySeq)))
	return b
}

// What does not prove that it is the same process, or comes too late, begins anew: the
// welcome says so, and what was unsettled comes again.
func TestResume_BeginsAnewUnlessItIsTheSameProcess(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(r *resumer)
		away  time.Duration
	}{
		"wrong token": {spoil: func(r *resumer) { r.welcome.Attachment[0]++ }},
		"no token":    {spoil: func(r *resumer) { r.welcome.Attachment = nil }},
		"other hub":   {spoil: func(r *resumer) { r.welcome.HubId = "other" }},
		"too late":    {away: 32 * time.Second},
		// It says that it got less than it gave receipts for.
		"receipts too old": {spoil: func(r *resumer) { r.got = 1 }},
		// It says that it got what was never sent.
		"receipts too new": {spoil: func(r *resumer) { r.got = 1000 }},
		"other instance":   {spoil: func(r *resumer) { r.hello.InstanceId = "b" }},
		"other group":      {spoil: func(r *resumer) { r.hello.Group = "other" }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				r := newResumer(t, chatHello("a"))
				r.attach(w.conn)
				b := r.joinBy(w)
				b.emit(1, "message", "")
				first := r.delivery()
				r.send()
				synctest.Wait()
				r.wire.cut()
				w.pass(c.away)
				token := string(r.welcome.Attachment)
				if c.spoil != nil {
					c.spoil(r)
				}
				if r.attach(w.conn) {
					t.Fatal("resumed")
				}
				if string(r.welcome.Attachment) == token || r.welcome.AckEnvelopeSeq != 0 || len(r.welcome.Revoked) != 0 {
					t.Errorf("welcome: %v", r.welcome)
				}
				if name == "other group" {
					return // it gets nothing of chat's
				}
				again := r.delivery()
				for again.GetEvent() == nil { // another process is not introduced anew
					t.Fatalf("delivery: %v", again)
				}
				if again.Attempt != 2 || string(again.DedupeId) != string(first.DedupeId) || again.DeliverySeq <= first.DeliverySeq {
					t.Errorf("delivered again: %v", again)
				}
				// It goes on: numbers begin with 1 after the envelope of the hello.
				r.send(settleAction(done(first.DeliverySeq)))
				if got := r.result(); got.Status.GetCode() != hubv1.Code_CODE_ABORTED {
					t.Errorf("late settlement: %v", got)
				}
				r.send(settleAction(&hubv1.Settlement{DeliverySeq: again.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}}))
				b.Expect(`43/chat,1[]`)
				r.wire.cut()
			})
		})
	}
}

// The attachment of an identity is nobody else's, and neither is its instance id.
func TestResume_IsOfTheSameIdentity(t *testing.T) {
	inBubble(t, Config{Authenticator: named{}}, func(t *testing.T, w *world) {
		r := newResumer(t, &hubv1.Hello{Group: "chat", InstanceId: "a"})
		r.attach(w.as("alice"))
		r.wire.cut()
		hello := &hubv1.Hello{Group: "chat", InstanceId: "a", Resume: &hubv1.Resume{
			Attachment: r.welcome.Attachment, HubId: r.welcome.HubId, AckEnvelopeSeq: r.got,
		}}
		thief := openWire(t, w.as("mallory"))
		if err := thief.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(hello)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := thief.said(); status.Code(err) != codes.PermissionDenied || reasonOf(err) != "OTHER_IDENTITY" {
			t.Errorf("ended with %v", err)
		}
		if !r.attach(w.as("alice")) {
			t.Error("not resumed")
		}
		r.wire.cut()
	})
}

// A service that numbers nothing has redelivery: there is nothing to resume.
func TestResume_NeedsNumbers(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		if chat.Welcome.Attachment != nil {
			t.Errorf("welcome: %v", chat.Welcome)
		}
	})
	for name, e := range map[string]*hubv1.AttachRequest{
		"numbered":  {EnvelopeSeq: 1, Actions: []*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Resume: &hubv1.Resume{}})}},
		"not alone": {Actions: []*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Resume: &hubv1.Resume{}}), settleAction(done(1))}},
		"with anew": {Actions: []*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Anew: true, Resume: &hubv1.Resume{}})}},
		"a receipt": {AckEnvelopeSeq: 1, Actions: []*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Resume: &hubv1.Resume{}})}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				wire := openWire(t, w.conn)
				if err := wire.stream.Send(e); err != nil {
					t.Fatal(err)
				}
				if ended, err := wire.said(); status.Code(err) != codes.InvalidArgument || ended.GetStatus().GetCode() != hubv1.Code_CODE_INVALID_ARGUMENT {
					t.Errorf("ended with %v, %v", ended, err)
				}
			})
		})
	}
}

// What moved to another instance while the stream was away is told by the welcome, and
// what the service says of it then is refused. The rest stays.
func TestResume_WelcomeTellsWhatMoved(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := newResumer(t, chatHello("a"))
		r.attach(w.conn)
		b := r.joinBy(w)
		b.emit(1, "message", "1")
		first := r.delivery()
		second := w.chat("b")
		b.emit(2, "message", "2")
		next := r.delivery()
		synctest.Wait()
		r.wire.cut()
		for _, old := range []*hubv1.Delivery{first, next} {
			d := second.Event("message")
			if string(d.DedupeId) != string(old.DedupeId) || d.Attempt != 2 {
				t.Errorf("moved: %v", d)
			}
			second.Reply(d, string(d.GetEvent().Payload.Args))
		}
		b.Expect(`43/chat,1[1]`, `43/chat,2[2]`)
		if !r.attach(w.conn) {
			t.Fatal("not resumed")
		}
		if fmt.Sprint(r.welcome.Revoked) != fmt.Sprint([]uint64{first.DeliverySeq, next.DeliverySeq}) {
			t.Errorf("revoked: %v", r.welcome.Revoked)
		}
		emit := controlplanetest.EmitTo("/chat", "never", "[]", b.id)
		emit.CommandId = 9
		late := done(first.DeliverySeq)
		late.Commands = []*hubv1.Command{emit}
		r.send(settleAction(late))
		if got := r.result(); got.Status.GetCode() != hubv1.Code_CODE_ABORTED || got.DeliverySeq != first.DeliverySeq {
			t.Errorf("late settlement: %v", got)
		}
		if got := r.result(); got.CommandId != 9 || got.Status.GetReason() != "SETTLEMENT_REFUSED" {
			t.Errorf("its command: %v", got)
		}
		b.Quiet(time.Second)
		r.wire.cut()
	})
}

// A stream that the hub still takes for alive gives way to the one that resumes.
func TestResume_EndsAHalfOpenStream(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := newResumer(t, chatHello("a"))
		r.attach(w.conn)
		b := r.joinBy(w)
		b.emit(1, "message", "")
		d := r.delivery()
		old := r.wire
		if !r.attach(w.conn) || len(r.welcome.Revoked) > 0 {
			t.Fatalf("not resumed as it was: %v", r.welcome)
		}
		ended, err := old.said()
		if status.Code(err) != codes.Aborted || ended.GetStatus().GetReason() != "TAKEN_OVER" || reasonOf(err) != "TAKEN_OVER" {
			t.Errorf("the old stream ended with %v, %v", ended, err)
		}
		r.send(settleAction(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}}))
		b.Expect(`43/chat,1[]`)
		r.wire.cut()
	})
}

// Results of commands that were under way while there was no stream arrive on the next.
func TestResume_ResultsArrive(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := newResumer(t, chatHello("a"))
		r.attach(w.conn)
		b := r.joinBy(w)
		ask := controlplanetest.EmitTo("/chat", "ask", "[]", b.id)
		ask.GetEmit().Ack = &hubv1.AckRequest{Timeout: contract.DurationOf(time.Minute)}
		ask.CommandId = 5
		r.send(&hubv1.Action{Kind: &hubv1.Action_Command{Command: ask}})
		b.Expect(`42/chat,0["ask"]`)
		r.wire.cut()
		b.Send(`43/chat,0["yes"]`)
		w.pass(10 * time.Second)
		if !r.attach(w.conn) {
			t.Fatal("not resumed")
		}
		if got := r.result(); got.CommandId != 5 || got.GetAckTotal().GetAckedCount() != 1 || got.More {
			t.Errorf("result: %v", got)
		}
		r.wire.cut()
	})
}

// An instance that drains goes on draining when it resumes.
func TestResume_OfADrainingInstance(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := newResumer(t, chatHello("a"))
		r.attach(w.conn)
		b := r.joinBy(w)
		b.emit(1, "message", "")
		d := r.delivery()
		r.send(&hubv1.Action{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{}}})
		synctest.Wait()
		r.wire.cut()
		if !r.attach(w.conn) {
			t.Fatal("not resumed")
		}
		b.emit(2, "message", "")
		other := w.chat("b")
		other.Quiet(time.Second) // the socket's work is still at the one that drains
		r.send(settleAction(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}}))
		ended, err := r.wire.said()
		if err.Error() != "EOF" || ended == nil || ended.Status != nil {
			t.Errorf("ended with %v, %v", ended, err)
		}
		other.Reply(other.Event("message"), "[]")
		b.Expect(`43/chat,1[]`, `43/chat,2[]`)
	})
}

// A service that gives no receipts cannot have more kept for it than the limit: it
// begins anew then.
func TestResume_WhatIsKeptIsBounded(t *testing.T) {
	limit := outgoing.KeptLimit
	outgoing.KeptLimit = outqueue.Limit{Items: 100, Bytes: 64 << 10}
	t.Cleanup(func() { outgoing.KeptLimit = limit })
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		hello := chatHello("a")
		hello.Window = &hubv1.Window{Deliveries: 10, Bytes: 64 << 10}
		r := newResumer(t, hello)
		r.attach(w.conn)
		b := r.joinBy(w)
		text := `"` + strings.Repeat("x", 20<<10) + `"`
		for i := range 10 {
			b.emit(-1, "message", text)
			d := r.delivery()
			e := &hubv1.AttachRequest{EnvelopeSeq: r.next, Actions: []*hubv1.Action{settleAction(done(d.DeliverySeq))}}
			r.next++
			if err := r.wire.stream.Send(e); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			a := w.srv.routes.attachment("chat", "a")
			if kept := a.out.Queue.Unreceipted(); kept > 128<<10 {
				t.Fatalf("%d bytes are kept after %d events", kept, i)
			}
		}
		r.wire.cut()
		if r.attach(w.conn) {
			t.Error("resumed though what it missed is forgotten")
		}
		r.wire.cut()
	})
}

// What comes for an instance without a stream is bounded. When a result had no room the
// attachment is not resumed: the service would wait for it for ever.
func TestResume_SuspendedAttachmentIsBounded(t *testing.T) {
	results, answers := outgoing.ResultLimit, outgoing.AnswerLimit
	outgoing.ResultLimit = outqueue.Limit{Items: 20, Bytes: 1 << 20}
	outgoing.AnswerLimit = outqueue.Limit{Items: 10, Bytes: 1 << 20}
	t.Cleanup(func() { outgoing.ResultLimit, outgoing.AnswerLimit = results, answers })
	for _, commands := range []int{20, 21} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			r := newResumer(t, chatHello("a"))
			r.attach(w.conn)
			b := r.joinBy(w)
			for i := range commands {
				ask := controlplanetest.EmitTo("/chat", "ask", "[]", b.id)
				ask.GetEmit().Ack = &hubv1.AckRequest{Timeout: contract.DurationOf(time.Minute)}
				ask.CommandId = uint64(i) + 1
				r.send(commandAction(ask))
				b.Expect(fmt.Sprintf(`42/chat,%d["ask"]`, i))
			}
			synctest.Wait()
			r.wire.cut()
			synctest.Wait()
			for i := range commands {
				b.Send(fmt.Sprintf(`43/chat,%d["yes"]`, i))
			}
			w.pass(time.Second)
			if a := w.srv.routes.attachment("chat", "a"); a.out.Queue.Len() > 20 {
				t.Errorf("%d results wait", a.out.Queue.Len())
			}
			fits := commands == 20
			if resumed := r.attach(w.conn); resumed != fits {
				t.Errorf("with %d results resumed: %v", commands, resumed)
			}
			for i := range 20 {
				if !fits {
					break
				}
				if got := r.result(); got.CommandId != uint64(i)+1 || got.GetAckTotal().GetAckedCount() != 1 {
					t.Errorf("result: %v", got)
				}
			}
			r.wire.cut()
		})
	}
}
