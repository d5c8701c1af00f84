package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/subscription"
)

func helloAction(h *hubv1.Hello) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}}
}

func settleAction(s *hubv1.Settlement) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}}
}

func done(seq uint64) *hubv1.Settlement {
	return &hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
}

// wantEnd checks how a stream ends, and that the text says what was wrong.
func wantEnd(t *testing.T, s *controlplanetest.Service, code codes.Code, text string) {
	t.Helper()
	err := s.End()
	if status.Code(err) != code || !strings.Contains(status.Convert(err).Message(), text) {
		t.Errorf("the stream ended with %v, want %v: %s", err, code, text)
	}
}

// Table (c), gRPC: what ends a stream before it is attached.
func TestAttach_BadHelloEndsTheStream(t *testing.T) {
	long := strings.Repeat("x", 129)
	for name, c := range map[string]struct {
		actions []*hubv1.Action
		code    codes.Code
		text    string
	}{
		"command first":   {[]*hubv1.Action{{Kind: &hubv1.Action_Command{Command: &hubv1.Command{}}}}, codes.FailedPrecondition, "hello"},
		"unknown first":   {[]*hubv1.Action{{}}, codes.FailedPrecondition, "hello"},
		"second hello":    {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"}), helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"})}, codes.FailedPrecondition, "second hello"},
		"no group":        {[]*hubv1.Action{helloAction(&hubv1.Hello{InstanceId: "i"})}, codes.InvalidArgument, "hello.group"},
		"no instance":     {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: "g"})}, codes.InvalidArgument, "hello.instance_id"},
		"long group":      {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: long, InstanceId: "i"})}, codes.InvalidArgument, "hello.group"},
		"long version":    {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Version: long})}, codes.InvalidArgument, "hello.version"},
		"small envelopes": {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", MaxEnvelopeBytes: 1000})}, codes.InvalidArgument, "hello.max_envelope_bytes"},
		"capability":      {[]*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", RequiredCapabilities: []string{"time-travel"}})}, codes.FailedPrecondition, "time-travel"},
		"subscriptions": {[]*hubv1.Action{helloAction(&hubv1.Hello{
			Group: "g", InstanceId: "i", Subscriptions: make([]*hubv1.Subscription, 257),
		})}, codes.InvalidArgument, "hello.subscriptions"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				s := controlplanetest.Open(t, w.conn)
				s.Send(c.actions...)
				wantEnd(t, s, c.code, c.text)
			})
		})
	}
}

func TestAttach_NoHelloEndsTheStreamAfterFiveSeconds(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		start := time.Now()
		s := controlplanetest.Open(t, w.conn)
		s.Send() // an envelope without an action says nothing
		wantEnd(t, s, codes.DeadlineExceeded, "no hello")
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

func TestAttach_EnvelopeNumbers(t *testing.T) {
	hello := helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"})
	for name, envelopes := range map[string][]*hubv1.AttachRequest{
		"starts at 2":     {{EnvelopeSeq: 2, Actions: []*hubv1.Action{hello}}},
		"gap":             {{EnvelopeSeq: 1, Actions: []*hubv1.Action{hello}}, {EnvelopeSeq: 3}},
		"goes back":       {{EnvelopeSeq: 1, Actions: []*hubv1.Action{hello}}, {EnvelopeSeq: 1}},
		"stops":           {{EnvelopeSeq: 1, Actions: []*hubv1.Action{hello}}, {}},
		"starts late":     {{Actions: []*hubv1.Action{hello}}, {EnvelopeSeq: 1}},
		"unknown receipt": {{Actions: []*hubv1.Action{hello}}, {AckEnvelopeSeq: 99}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				s := controlplanetest.Open(t, w.conn)
				for _, e := range envelopes {
					if err := s.SendEnvelope(e); err != nil {
						t.Fatal(err)
					}
				}
				wantEnd(t, s, codes.InvalidArgument, "envelope")
			})
		})
	}
}

func TestAttach_EnvelopesAreNumberedAndReceipted(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := hubv1.NewAttachServiceClient(w.conn).Attach(ctx)
		if err != nil {
			t.Fatal(err)
		}
		send := func(seq, ack uint64, actions ...*hubv1.Action) {
			t.Helper()
			if err := stream.Send(&hubv1.AttachRequest{EnvelopeSeq: seq, AckEnvelopeSeq: ack, Actions: actions}); err != nil {
				t.Fatal(err)
			}
		}
		receive := func() *hubv1.AttachResponse {
			t.Helper()
			e, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		send(1, 0, helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"}))
		if e := receive(); e.EnvelopeSeq != 1 || e.Items[0].GetWelcome() == nil {
			t.Errorf("first envelope: %v", e)
		}
		if e := receive(); e.EnvelopeSeq != 2 || e.Items[0].GetNotice().GetKind() != hubv1.NoticeKind_NOTICE_KIND_INTRODUCED {
			t.Errorf("second envelope: %v", e)
		}
		send(2, 2, settleAction(done(9)))
		if e := receive(); e.EnvelopeSeq != 3 || e.Items[0].GetResult().GetDeliverySeq() != 9 {
			t.Errorf("third envelope: %v", e)
		}
		send(3, 3)
		if e := receive(); e.EnvelopeSeq != 4 || e.AckEnvelopeSeq != 3 || e.Items[0].GetHeartbeat() == nil {
			t.Errorf("heartbeat: %v", e)
		}
	})
}

func TestAttach_SubscriptionsAreAnsweredOneByOne(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		w.attach("other", "i", controlplanetest.Handler("/taken", "x"))
		s := w.attach("g", "i",
			controlplanetest.Authorizer("/a"),
			controlplanetest.Handler("/a", "x", "y*"),
			controlplanetest.Handler("/b"),
			controlplanetest.Handler("/a", "x"),
			controlplanetest.Handler("no slash"),
			controlplanetest.Handler("/c", "a*b"),
			controlplanetest.Handler("/taken", "x", "z"),
			&hubv1.Subscription{Namespace: "/r"},
			&hubv1.Subscription{Role: 99, Namespace: "/r"},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/r", Guarantee: 99},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/r", Ordering: 99},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/r", Introduction: 99},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/r", Events: []string{"x"}},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/r", Introduction: hubv1.Introduction_INTRODUCTION_ON_EVENT},
			&hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/org/*"},
			controlplanetest.Handler("/org/x"),
		)
		want := []struct {
			code   hubv1.Code
			reason string
			field  string
		}{
			{}, {}, {},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "TWICE", "events"},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "BAD_PATTERN", "namespace"},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "BAD_PATTERN", "events[0]"},
			{hubv1.Code_CODE_ALREADY_EXISTS, "HELD_BY_ANOTHER_GROUP", ""},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "UNKNOWN_ROLE", "role"},
			{hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "role"},
			{hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "guarantee"},
			{hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "ordering"},
			{hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "introduction"},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "NOT_FOR_ROLE", "events"},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "NOT_FOR_ROLE", "introduction"},
			{}, {},
		}
		if len(s.Welcome.Subscriptions) != len(want) {
			t.Fatalf("%d answers", len(s.Welcome.Subscriptions))
		}
		for i, got := range s.Welcome.Subscriptions {
			st := got.GetStatus()
			if st.GetCode() != want[i].code || st.GetReason() != want[i].reason || st.GetField() != want[i].field {
				t.Errorf("subscription %d: %v, want %+v", i, st, want[i])
			}
			if (got.Effective == nil) != (want[i].code != 0) {
				t.Errorf("subscription %d is in force: %v", i, got.Effective)
			}
			if warned := len(got.Warnings) == 1 && got.Warnings[0].Reason == "NO_AUTHORIZER"; warned != (i == 2) {
				t.Errorf("subscription %d has the warnings %v", i, got.Warnings)
			}
		}
		e := s.Welcome.Subscriptions[2].Effective
		if len(e.Events) != 1 || e.Guarantee != hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE ||
			e.Ordering != hubv1.Ordering_ORDERING_PIPELINED || e.Introduction != hubv1.Introduction_INTRODUCTION_ON_CONNECT {
			t.Errorf("defaults are not filled in: %v", e)
		}
		if missing := strings.Join(w.srv.Status().Missing, "; "); missing != "no authorizer for /b; no authorizer for /taken" {
			t.Errorf("missing: %s", missing)
		}
	})
}

// A hello with all the subscriptions that it may have must not hold the others up.
func TestAttach_ManySubscriptionsAreCheap(t *testing.T) {
	srv, err := New(Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r := srv.routes
	enter := func(group string) (took time.Duration) {
		h := &hubv1.Hello{Group: group, InstanceId: "i"}
		for i := range maxSubscriptions {
			sub := controlplanetest.Handler("/chat")
			for j := range subscription.MaxPatterns {
				sub.Events = append(sub.Events, fmt.Sprint(group, i, ":", j))
			}
			h.Subscriptions = append(h.Subscriptions, sub)
		}
		g := newGroup(srv, group)
		a := newAttachment(&stream{srv: srv, caller: caller.Of(t.Context())}, g, h, false)
		r.mu.Lock()
		defer r.mu.Unlock()
		start := time.Now()
		claims, _ := r.subscribeLocked(a, h, nil)
		took = time.Since(start)
		if len(claims) != maxSubscriptions {
			t.Fatalf("%d claims of %s", len(claims), group)
		}
		g.claims, r.groups[group] = claims, g
		return took
	}
	first := enter("a")
	// It took fifty times as long, for what the first holds was sorted for each.
	if second := enter("b"); second > 5*first+time.Second {
		t.Errorf("the first took %v, the second %v", first, second)
	}
}

func TestAttach_WindowIsClamped(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		for _, c := range []struct{ wish, want *hubv1.Window }{
			{nil, &hubv1.Window{Deliveries: 1024, Bytes: 16 << 20}},
			{&hubv1.Window{Deliveries: 1 << 31, Bytes: 1 << 62}, &hubv1.Window{Deliveries: 16384, Bytes: 64 << 20}},
			{&hubv1.Window{Bytes: 5}, &hubv1.Window{Deliveries: 1024, Bytes: 5}},
			{&hubv1.Window{Deliveries: 7}, &hubv1.Window{Deliveries: 7, Bytes: 16 << 20}},
		} {
			s := controlplanetest.Attach(t, w.conn, &hubv1.Hello{Group: "g", InstanceId: "i", Window: c.wish})
			if got := s.Welcome.Window; got.Deliveries != c.want.Deliveries || got.Bytes != c.want.Bytes {
				t.Errorf("%v is clamped to %v", c.wish, got)
			}
			s.Kill()
		}
	})
}

func TestAttach_SilentServiceIsDeadAfterThreeHeartbeats(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		s := controlplanetest.Open(t, w.conn)
		s.Send(helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"}))
		start := time.Now()
		wantEnd(t, s, codes.Unavailable, "heartbeats")
		if took := time.Since(start); took < 15*time.Second || took > 17*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

func TestAttach_SecondStreamOfAnInstanceFencesTheFirst(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		first := w.chat("a")
		b := w.join(first)
		b.emit(1, "message", `"x"`)
		old := first.Event("message")
		second := w.chat("a")
		wantEnd(t, first, codes.Aborted, "instance_id")
		again := second.Event("message")
		if again.Attempt != 2 || string(again.DedupeId) != string(old.DedupeId) || again.DeliverySeq <= old.DeliverySeq {
			t.Errorf("redelivered as %v, was %v", again, old)
		}
		second.Settle(done(old.DeliverySeq))
		if r := second.Result(); r.GetStatus().GetCode() != hubv1.Code_CODE_ABORTED || r.DeliverySeq != old.DeliverySeq {
			t.Errorf("late settlement: %v", r)
		}
		second.Reply(again, `[1]`)
		b.Expect(`43/chat,1[1]`)
	})
}

func TestAttach_BadActionIsToldAndTheStreamLives(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		s := w.chat("a")
		s.Send(&hubv1.Action{}, nil, &hubv1.Action{})
		var count uint64
		for count < 3 {
			n := s.Notice()
			if n.Kind != hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION || n.Status.Code != hubv1.Code_CODE_INVALID_ARGUMENT {
				t.Errorf("notice: %v", n)
			}
			count += uint64(n.Count)
		}
		w.join(s)
	})
}

func TestAttach_TooManyInstances(t *testing.T) {
	inBubble(t, Config{Stream: StreamConfig{MaxInstances: 1}}, func(t *testing.T, w *world) {
		w.chat("a")
		s := controlplanetest.Open(t, w.conn)
		wantEnd(t, s, codes.ResourceExhausted, "instances")
	})
}

// Table (c): whatever is wrong with a settlement is answered for that settlement.
func TestSettle_ErrorsAreAnsweredAndTheStreamLives(t *testing.T) {
	type settle = hubv1.Settlement
	reply := func(args string, attachments ...[]byte) *hubv1.Settlement_Reply {
		return &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte(args), Attachments: attachments}}}
	}
	for name, c := range map[string]struct {
		settlement *settle
		code       hubv1.Code
		reason     string
	}{
		"no outcome":    {&settle{DeliverySeq: 1}, hubv1.Code_CODE_INVALID_ARGUMENT, "REQUIRED"},
		"accept":        {&settle{DeliverySeq: 1, Outcome: &hubv1.Settlement_Accept{}}, hubv1.Code_CODE_FAILED_PRECONDITION, "OUTCOME_MISFIT"},
		"deny":          {&settle{DeliverySeq: 1, Outcome: &hubv1.Settlement_Deny{}}, hubv1.Code_CODE_FAILED_PRECONDITION, "OUTCOME_MISFIT"},
		"no array":      {&settle{DeliverySeq: 1, Outcome: reply(`{}`)}, hubv1.Code_CODE_INVALID_ARGUMENT, ""},
		"broken JSON":   {&settle{DeliverySeq: 1, Outcome: reply(`[1,]`)}, hubv1.Code_CODE_INVALID_ARGUMENT, ""},
		"no UTF-8":      {&settle{DeliverySeq: 1, Outcome: reply("[\"\xff\"]")}, hubv1.Code_CODE_INVALID_ARGUMENT, ""},
		"attachments":   {&settle{DeliverySeq: 1, Outcome: reply(`[]`, []byte{1})}, hubv1.Code_CODE_INVALID_ARGUMENT, ""},
		"other command": {&settle{DeliverySeq: 1, Outcome: done(0).Outcome, Commands: []*hubv1.Command{{DeliverySeq: 77}}}, hubv1.Code_CODE_INVALID_ARGUMENT, "OTHER_DELIVERY"},
		"bad delay": {&settle{DeliverySeq: 1, Outcome: &hubv1.Settlement_Nack{Nack: &hubv1.Nack{
			Retry: true, RetryDelay: &durationpb.Duration{Nanos: 1 << 30},
		}}}, hubv1.Code_CODE_INVALID_ARGUMENT, "BAD_DURATION"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat := w.chat("a")
				b := w.join(chat)
				b.emit(1, "message", `"x"`)
				e := chat.Event("message")
				s := c.settlement
				if s.DeliverySeq == 1 {
					s.DeliverySeq = e.DeliverySeq
				}
				if len(s.Commands) == 0 {
					s.Commands = []*hubv1.Command{controlplanetest.EmitTo("/chat", "never", "[]", b.id)}
				}
				chat.Settle(s)
				r := chat.Result()
				if got := r.GetStatus(); got.GetCode() != c.code || (c.reason != "" && got.GetReason() != c.reason) || got.GetMessage() == "" {
					t.Errorf("answer: %v", r)
				}
				if r.DeliverySeq != s.DeliverySeq {
					t.Errorf("answer for %d, not %d", r.DeliverySeq, s.DeliverySeq)
				}
				// Nothing was done, and the delivery has ended as a permanent nack ends it.
				wantDropped(t, chat, "NACKED")
				chat.Reply(e, `["twice"]`)
				if got := nextResult(chat).GetStatus(); got.GetCode() != hubv1.Code_CODE_ALREADY_EXISTS {
					t.Errorf("second settlement: %v", got)
				}
				b.Quiet(time.Second)
				b.emit(2, "message", "")
				chat.Reply(chat.Event("message"), `["ok"]`)
				b.Expect(`43/chat,2["ok"]`)
			})
		})
	}
}

// wantDropped waits for the notice that a delivery was dropped, and passes over those of
// commands that failed with it.
func wantDropped(t *testing.T, s *controlplanetest.Service, reason string) {
	t.Helper()
	for {
		n := s.Notice()
		switch n.Kind {
		case hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED:
			continue
		case hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED:
			if n.Status.GetReason() != reason || n.Count != 1 {
				t.Errorf("dropped: %v", n)
			}
		default:
			t.Errorf("notice: %v", n)
		}
		return
	}
}

// nextResult passes over notices.
func nextResult(s *controlplanetest.Service) *hubv1.Result {
	for {
		if r := s.Next().GetResult(); r != nil {
			return r
		}
	}
}

func TestSettle_NackWithRetryComesAgain(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(1, "message", "")
		first := chat.Event("message")
		start := time.Now()
		chat.Nack(first, &hubv1.Nack{Retry: true, RetryDelay: durationpb.New(3 * time.Second)})
		second := chat.Event("message")
		if took := time.Since(start); took != 3*time.Second || second.Attempt != 2 {
			t.Errorf("attempt %d after %v", second.Attempt, took)
		}
		chat.Nack(second, &hubv1.Nack{})
		n := chat.Notice()
		if n.Kind != hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED || n.Status.Reason != "NACKED" || n.Count != 1 {
			t.Errorf("notice: %v", n)
		}
		b.Quiet(time.Second)
	})
}

func TestSend_StalledServiceIsEndedAndItsWorkMoves(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		// A service that says hello and heartbeats but never reads.
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := hubv1.NewAttachServiceClient(w.dial()).Attach(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(&hubv1.Hello{
			Group: "chat", InstanceId: "deaf", Subscriptions: []*hubv1.Subscription{controlplanetest.Handler("/chat")},
		})}}); err != nil {
			t.Fatal(err)
		}
		beat := func() {
			_ = stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}})
		}
		w.pass(time.Second)
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		b := w.browser()
		b.Send("40/chat,")
		gate.Accept(gate.Attempt())
		b.joined("/chat")
		big := `"` + strings.Repeat("x", 500_000) + `"`
		b.emit(1, "big", big)
		b.emit(2, "big", big)
		start := time.Now()
		for attached(w, "chat") > 0 && time.Since(start) < time.Minute {
			w.pass(time.Second)
			beat()
		}
		if took := time.Since(start); took < 9*time.Second || took > 13*time.Second {
			t.Errorf("the stream of a service that does not read ended after %v", took)
		}
		chat := w.attach("chat", "good", controlplanetest.Handler("/chat"))
		if d := chat.Connected(); d.Attempt != 2 {
			t.Errorf("connected: attempt %d", d.Attempt)
		}
		chat.Event("big")
		chat.Event("big")
	})
}

// attached counts the instances of a group that are attached.
func attached(w *world, group string) (n int) {
	for _, g := range w.srv.Status().Groups {
		for _, i := range g.Instances {
			if g.Name == group && i.Attached {
				n++
			}
		}
	}
	return n
}
