package service

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/outqueue"
)

// The hub has ended the delivery of an answer that it refuses: nothing is said again.
func TestSettlement_RefusedIsOnlyLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan *StatusError, 1)
		svc := scripted(Options{Trace: &Trace{CommandFailed: func(err *StatusError, _ uint64) { failed <- err }}})
		svc.Namespace("/").AllowAnyone().On("x", func(_ context.Context, e *Event) error {
			return e.Reply(Payload{Args: []byte(`not json`)})
		})
		st := <-play(t, svc, nil).streams
		st.welcome()
		st.say(event(7, "s", "x"))
		if got := st.read(); len(got) != 1 || got[0].GetSettlement().GetReply() == nil {
			t.Fatal(got)
		}
		refusal := &hubv1.Status{Code: hubv1.Code_CODE_INVALID_ARGUMENT, Field: "reply.payload.args"}
		st.say(&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{DeliverySeq: 7, Status: refusal}}})
		if err := <-failed; err.Field != "reply.payload.args" {
			t.Error(err)
		}
		synctest.Wait()
		select {
		case up := <-st.up:
			t.Error("said again:", up)
		default:
		}
	})
}

func TestDelivery_OfAnUnknownKindIsRefused(t *testing.T) {
	svc := scripted(Options{})
	svc.Namespace("/").AllowAnyone()
	st := <-play(t, svc, nil).streams
	st.welcome()
	st.say(event(1, "s", "nobody"), &hubv1.Item{}, &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{DeliverySeq: 2}}})
	for seq := uint64(1); seq <= 2; {
		for _, a := range st.read() {
			if s := a.GetSettlement(); s.GetDeliverySeq() != seq || s.GetNack().GetStatus().GetCode() != hubv1.Code_CODE_UNIMPLEMENTED {
				t.Error(s)
			}
			seq++
		}
	}
}

// A hub that sends anything must not bring the process down.
func TestRecv_HostileItems(t *testing.T) {
	svc := scripted(Options{})
	svc.Namespace("/").AllowAnyone().On("x", func(_ context.Context, e *Event) error {
		var v any
		_ = e.Bind(&v)
		_, _ = e.ReceiveTime(), e.DedupeID()
		return e.Reply(v)
	}).OnConnected(func(_ context.Context, c *Connected) error {
		_, _, _ = c.Handshake.Header(), c.Handshake.Query(), c.Handshake.IssueTime()
		return nil
	}).OnDisconnect(func(context.Context, *Disconnect) error { return nil })
	st := <-play(t, svc, nil).streams
	st.welcome()
	root := &hubv1.Socket{Id: "s", Namespace: "/"}
	st.say(nil, &hubv1.Item{},
		&hubv1.Item{Kind: &hubv1.Item_Result{}}, &hubv1.Item{Kind: &hubv1.Item_Notice{}},
		&hubv1.Item{Kind: &hubv1.Item_Revoked{}}, &hubv1.Item{Kind: &hubv1.Item_Released{}},
		&hubv1.Item{Kind: &hubv1.Item_Observation{}}, &hubv1.Item{Kind: &hubv1.Item_Drain{}}, &hubv1.Item{Kind: &hubv1.Item_Ended{}},
		&hubv1.Item{Kind: &hubv1.Item_Observation{Observation: &hubv1.Observation{SubscriptionId: 2}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{SubscriptionId: 99}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{SubscriptionId: 2}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{SubscriptionId: 2, Body: &hubv1.Delivery_ServiceCall{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{SubscriptionId: 2, Body: &hubv1.Delivery_AuthExpiring{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 99}}},
		&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 99, Ack: &hubv1.Result_BrowserAck{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{Socket: root, SubscriptionId: 2, Body: &hubv1.Delivery_Connected{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{Socket: root, SubscriptionId: 2, Body: &hubv1.Delivery_Disconnected{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{Socket: root, SubscriptionId: 1, Body: &hubv1.Delivery_ConnectAttempt{}}}},
		&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{Socket: root, SubscriptionId: 2, Body: &hubv1.Delivery_Event{}}}},
		event(5, "s", "x"))
	for kind := range hubv1.NoticeKind_name {
		st.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{Kind: hubv1.NoticeKind(kind)}}})
	}
	for {
		for _, a := range st.read() {
			if a.GetSettlement().GetDeliverySeq() == 5 {
				return
			}
		}
	}
}

// The hub's command window is kept: who finds no place waits, with its context.
func TestCommandWindow_Blocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		st := <-play(t, svc, nil).streams
		st.welcome()
		results := make(chan error, 10)
		for range 6 {
			go func() { _, err := svc.To("r").EmitResult(t.Context(), "x"); results <- err }()
		}
		var ids []uint64
		read := func(n int) {
			for len(ids) < n {
				for _, a := range st.read() {
					ids = append(ids, a.GetCommand().GetCommandId())
				}
			}
			if synctest.Wait(); len(ids) != n {
				t.Fatalf("%d commands, %d allowed", len(ids), n)
			}
		}
		answer := func(ids ...uint64) {
			for _, id := range ids {
				st.say(&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: id}}})
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
		}
		read(4)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := svc.To("r").EmitResult(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		answer(ids[:2]...)
		read(6)
		answer(ids[2:]...)
	})
}

// Emits wait for room while the hub does not read.
func TestSendQueue_BlocksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		st := <-play(t, svc, nil).streams
		st.welcome()
		var sent atomic.Int32
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for range 2 * roomForCommands.Items {
				if svc.To("r").Emit(t.Context(), "x") != nil {
					return
				}
				sent.Add(1)
			}
		}()
		synctest.Wait()
		if n := int(sent.Load()); n < roomForCommands.Items || n > roomForCommands.Items+outqueue.BatchItems {
			t.Errorf("%d emits were taken", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := svc.To("r").Emit(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		for read := 0; read < 2*roomForCommands.Items; {
			n := len(st.read())
			if read += n; n > outqueue.BatchItems {
				t.Errorf("%d actions in an envelope", n)
			}
		}
		<-stop
	})
}

// What was queued together leaves together, in order.
func TestSendLoop_BatchesByBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		st := <-play(t, svc, nil).streams
		st.welcome()
		if err := svc.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n := range 100 {
			if err := svc.To("r").Emit(t.Context(), "x", n); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		envelopes, actions := 0, 0
		for actions < 100 {
			actions += len(st.read())
			envelopes++
		}
		if envelopes > 2 {
			t.Errorf("%d envelopes", envelopes)
		}
		if err := svc.To("r").Emit(t.Context(), "big", make([]byte, 40<<10)); err != nil {
			t.Fatal(err)
		}
		if err := svc.To("r").Emit(t.Context(), "big", make([]byte, 40<<10)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := len(st.read()); got != 1 {
				t.Errorf("%d large actions in an envelope", got)
			}
		}
	})
}

// Close stops deliveries, waits for what runs, settles, and only then closes.
func TestClose_Order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		release := make(chan struct{})
		svc.Namespace("/").AllowAnyone().On("x", func(_ context.Context, e *Event) error { <-release; return e.Reply() })
		st := <-play(t, svc, nil).streams
		st.welcome(func(w *hubv1.Welcome) { w.HeartbeatInterval = nil })
		st.say(event(1, "a", "x"))
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- svc.Close(context.Background()) }()
		if st.read()[0].GetDrain() == nil {
			t.Error("no drain")
		}
		st.say(event(2, "b", "x")) // was on its way
		synctest.Wait()
		select {
		case <-st.half:
			t.Error("closed before the handlers had ended")
		default:
		}
		close(release)
		for seen := 0; seen < 2; {
			seen += len(st.read())
		}
		<-st.half
		st.say(event(3, "c", "x")) // too late: the hub gives it to another instance
		synctest.Wait()
		st.end <- io.EOF
		if err := <-closed; err != nil {
			t.Error(err)
		}
		select {
		case up := <-st.up:
			t.Error("said after the end:", up)
		default:
		}
	})
}

// Commands that nobody waits for and that had not left when the stream ended are
// counted.
func TestStreamLoss_CountsLostCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Int64
		svc := scripted(Options{Trace: &Trace{CommandsLost: func(n int) { lost.Add(int64(n)) }}})
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome()
		if err := svc.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		unknown := make(chan error, 1)
		go func() { _, err := svc.To("r").EmitResult(t.Context(), "y"); unknown <- err }()
		st.read()
		for range 1 + outqueue.BatchItems { // the first is in Send's hands
			if err := svc.To("r").Emit(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		st.end <- status.Error(codes.Unavailable, "gone")
		if err := <-unknown; !errors.Is(err, ErrOutcomeUnknown) || SafeToRetry(err) {
			t.Error(err)
		}
		(<-hub.streams).welcome()
		if n := lost.Load(); n < 1 || n > 1+outqueue.BatchItems {
			t.Errorf("%d lost", n)
		}
	})
}

func TestNotices_ReachTheTrace(t *testing.T) {
	got := make(chan string, 4)
	svc := scripted(Options{Trace: &Trace{
		CommandFailed:     func(err *StatusError, n uint64) { got <- err.Reason },
		DeliveriesDropped: func(err *StatusError, n uint64) { got <- err.Reason },
	}})
	st := <-play(t, svc, nil).streams
	st.welcome()
	for _, kind := range []hubv1.NoticeKind{hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED} {
		failure := &hubv1.Status{Code: hubv1.Code_CODE_RESOURCE_EXHAUSTED, Reason: kind.String()}
		st.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{Kind: kind, Count: 3, Status: failure}}})
		if reason := <-got; reason != kind.String() {
			t.Error(reason)
		}
	}
}
