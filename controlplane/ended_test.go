package controlplane

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/caller"
)

// Before the hub ends a stream it says why, and the call's error has the same status as
// its detail.
func TestEnded_SaysWhyBeforeTheEnd(t *testing.T) {
	hello := helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"})
	for name, c := range map[string]struct {
		do     func(w *world, s *wire)
		code   codes.Code
		reason string
	}{
		"second hello": {func(_ *world, s *wire) { _ = s.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{hello}}) },
			codes.FailedPrecondition, "HELLO_TWICE"},
		"gap":         {func(_ *world, s *wire) { _ = s.stream.Send(&hubv1.AttachRequest{EnvelopeSeq: 7}) }, codes.InvalidArgument, "ENVELOPE_GAP"},
		"bad receipt": {func(_ *world, s *wire) { _ = s.stream.Send(&hubv1.AttachRequest{AckEnvelopeSeq: 99}) }, codes.InvalidArgument, "BAD_RECEIPT"},
		"too many actions": {func(_ *world, s *wire) {
			_ = s.stream.Send(&hubv1.AttachRequest{Actions: make([]*hubv1.Action, 16_385)})
		}, codes.InvalidArgument, "TOO_MANY_ACTIONS"},
		// It is gRPC itself that reads no more and ends the stream: nothing can be said.
		"too large": {func(_ *world, s *wire) {
			_ = s.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{settleAction(reply(1, string(make([]byte, 17<<20))))}})
		}, codes.ResourceExhausted, "nothing"},
		"taken over": {func(w *world, _ *wire) { w.attach("g", "i") }, codes.Aborted, "TAKEN_OVER"},
		"silent":     {func(w *world, _ *wire) { w.pass(20 * time.Second) }, codes.Unavailable, "SILENT"},
		"shutdown": {func(w *world, _ *wire) {
			ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
			defer cancel()
			_ = w.srv.Shutdown(ctx)
		}, codes.Unavailable, "SHUTDOWN"},
		"revoked": {func(w *world, _ *wire) {
			w.srv.routes.attachment("g", "i").end(caller.End(access.ErrTokenRevoked))
		}, codes.Unauthenticated, "TOKEN_REVOKED"},
		"drained": {func(_ *world, s *wire) {
			_ = s.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{}}}}})
		}, codes.OK, ""},
		"left": {func(_ *world, s *wire) { _ = s.stream.CloseSend() }, codes.OK, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				s := openWire(t, w.conn)
				if err := s.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{hello}}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				c.do(w, s)
				ended, err := s.said()
				if err.Error() == "EOF" {
					err = nil
				}
				if status.Code(err) != c.code {
					t.Fatalf("ended with %v, want %v", err, c.code)
				}
				switch {
				case c.reason == "nothing":
					if ended != nil {
						t.Errorf("said: %v", ended)
					}
				case ended == nil:
					t.Errorf("nothing was said before %v: %q", err, reasonOf(err))
				case ended.GetStatus().GetReason() != c.reason || ended.GetStatus().GetCode() != hubv1.Code(c.code) || reasonOf(err) != c.reason:
					t.Errorf("said %v, the call's detail is %q", ended, reasonOf(err))
				}
			})
		})
	}
}

// A service that leaves in order settles what it has; its sockets go to others as their
// work is settled, and nothing new comes.
func TestDrain_LeavesWithoutLoss(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		one := w.chat("1")
		busy, idle := w.join(one), w.join(one)
		busy.emit(1, "message", "1")
		d := one.Event("message")
		ask := emitAck(target(idle.id), time.Minute, 0)
		one.Command(ask)
		idle.Expect(`42/chat,0["ask"]`)
		two := w.chat("2")
		one.Send(&hubv1.Action{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{Reason: "deploy"}}})
		w.pass(0)
		busy.emit(2, "message", "2")
		idle.emit(1, "message", "1")
		two.Reply(two.Event("message"), `["two"]`) // of the idle one, at once
		idle.Expect(`43/chat,1["two"]`)
		two.Quiet(10 * time.Second)
		one.Quiet(10 * time.Second)
		one.Reply(d, `["one"]`)
		next := two.Event("message")
		two.Reply(next, `["two"]`)
		busy.Expect(`43/chat,1["one"]`, `43/chat,2["two"]`)
		released := map[string]string{}
		for range 2 {
			r := one.Released()
			for _, id := range r.SocketIds {
				released[id] = r.Reason
			}
		}
		if released[busy.id] != "DRAINED" || released[idle.id] != "DRAINED" {
			t.Errorf("released: %v", released)
		}
		// An open result keeps the stream.
		one.Quiet(10 * time.Second)
		idle.Send(`43/chat,0[]`)
		if r := one.Result(); r.GetAckTotal().GetAckedCount() != 1 {
			t.Errorf("result: %v", r)
		}
		if err := one.End(); err.Error() != "EOF" {
			t.Errorf("ended with %v", err)
		}
		if n := attached(w, "chat"); n != 1 {
			t.Errorf("%d instances are attached", n)
		}
	})
}

// A service does not set a deadline.
func TestDrain_DeadlineIsTheHubs(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		s := w.chat("a")
		s.Send(&hubv1.Action{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{Deadline: timestamppb.Now()}}})
		if n := s.Notice(); n.Kind != hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION || n.Status.GetField() != "drain.deadline" {
			t.Errorf("notice: %v", n)
		}
		w.join(s) // it does not drain
	})
}

// The hub's beat is that which the service wished for, and so is its patience.
func TestHeartbeat_IsWhatTheServiceWishedFor(t *testing.T) {
	for wish, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Second, 20 * time.Second: 20 * time.Second, time.Hour: time.Minute, 0: 5 * time.Second,
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			hello := &hubv1.Hello{Group: "g", InstanceId: "i"}
			if wish != 0 {
				hello.HeartbeatInterval = durationpb.New(wish)
			}
			s := openWire(t, w.conn)
			if err := s.stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(hello)}}); err != nil {
				t.Fatal(err)
			}
			if got := s.receive().Items[0].GetWelcome().GetHeartbeatInterval().AsDuration(); got != want {
				t.Errorf("a wish of %v becomes %v", wish, got)
			}
			start, beats := time.Now(), 0
			for e := s.receive(); e != nil; e = s.receive() {
				if e.Items[0].GetHeartbeat() != nil {
					beats++
				}
			}
			// The watch turns to the wish at its first tick.
			if took := time.Since(start); took < 3*want || took > 3*want+want/2+2*time.Second || beats < 2 || beats > 3 {
				t.Errorf("with a wish of %v: dead after %v and %d heartbeats", wish, took, beats)
			}
		})
	}
}

// Errors of unary calls have a status as their detail.
func TestControl_ErrorsHaveAStatus(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		client := hubv1.NewControlServiceClient(w.conn)
		_, err := client.CountSockets(t.Context(), &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: &hubv1.Target{Namespace: "/chat"}}})
		if status.Code(err) != codes.InvalidArgument || reasonOf(err) == "" {
			t.Errorf("%v has the reason %q", err, reasonOf(err))
		}
		_, err = client.ForgetGroup(t.Context(), &hubv1.ForgetGroupRequest{Group: "nobody"})
		if status.Code(err) != codes.NotFound || reasonOf(err) == "" {
			t.Errorf("%v has the reason %q", err, reasonOf(err))
		}
		s := controlplanetest.Open(t, w.conn)
		s.Send(&hubv1.Action{})
		if err := s.End(); reasonOf(err) != "HELLO_MISSING" {
			t.Errorf("%v has the reason %q", err, reasonOf(err))
		}
	})
}
