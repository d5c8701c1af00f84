package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var cut = status.Error(codes.Unavailable, "cut")

// can lets a welcome offer resume.
func can(w *hubv1.Welcome) { w.Attachment = []byte("0123456789abcdef") }

// resumed lets a welcome take the attachment up; applied is the service's last envelope
// that arrived.
func resumed(applied uint64, revoked ...uint64) func(*hubv1.Welcome) {
	return func(w *hubv1.Welcome) {
		can(w)
		w.Resumed, w.AckEnvelopeSeq, w.Revoked = true, applied, revoked
	}
}

// number says items in a numbered envelope.
func (s *scriptStream) number(n uint64, items ...*hubv1.Item) {
	s.down <- &hubv1.AttachResponse{EnvelopeSeq: n, Items: items}
}

// envelope returns the next envelope that has more than heartbeats.
func (s *scriptStream) envelope() *hubv1.AttachRequest {
	for {
		e := <-s.up
		for _, a := range e.GetActions() {
			if a.GetHeartbeat() == nil {
				return e
			}
		}
	}
}

// What a broken stream did not carry goes over the next one, under the same numbers; a
// handler never notices.
func TestResume_GoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		release := make(chan struct{})
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, e *Event) error {
			<-release
			return errors.Join(ctx.Err(), e.Reply(e.Attempt))
		})
		hub := play(t, svc, nil)
		st := <-hub.streams
		if hello := st.welcome(can); hello.GetResume() != nil {
			t.Error("resumes what never was")
		}
		st.number(1, event(1, "a", "x"), event(2, "b", "x"))
		synctest.Wait()
		st.end <- cut
		next := <-hub.streams
		hello := next.welcome(resumed(1))
		if r := hello.GetResume(); string(r.GetAttachment()) != "0123456789abcdef" || r.GetHubId() != "script" || r.GetAckEnvelopeSeq() != 1 {
			t.Error(r)
		}
		next.number(1, event(1, "a", "x")) // sent again, had arrived: passed over
		next.number(2, event(3, "c", "x"))
		synctest.Wait()
		close(release)
		settled, last := map[uint64]int{}, uint64(1)
		for len(settled) < 3 {
			e := next.envelope()
			if e.GetEnvelopeSeq() != last+1 {
				t.Errorf("envelope %d after %d", e.GetEnvelopeSeq(), last)
			}
			last = e.GetEnvelopeSeq()
			for _, a := range e.GetActions() {
				if s := a.GetSettlement(); s != nil {
					settled[s.GetDeliverySeq()]++
				}
			}
			if e.GetAckEnvelopeSeq() != 2 {
				t.Errorf("receipt %d", e.GetAckEnvelopeSeq())
			}
		}
		for seq, n := range settled {
			if n != 1 {
				t.Errorf("delivery %d was settled %d times", seq, n)
			}
		}
	})
}

// An envelope that the hub has not applied is sent again; one that it has is not.
func TestResume_SendsAgainWhatWasNotApplied(t *testing.T) {
	for _, applied := range []uint64{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			svc := scripted(Options{})
			hub := play(t, svc, nil)
			st := <-hub.streams
			st.welcome(can)
			if err := svc.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			result := make(chan error, 1)
			go func() { _, err := svc.To("r").EmitResult(t.Context(), "x"); result <- err }()
			first := st.envelope()
			if first.GetEnvelopeSeq() != 2 {
				t.Error(first)
			}
			id := first.GetActions()[0].GetCommand().GetCommandId()
			st.end <- cut
			next := <-hub.streams
			next.welcome(resumed(applied))
			if applied == 1 {
				again := next.envelope()
				if again.GetEnvelopeSeq() != 2 || again.GetActions()[0].GetCommand().GetCommandId() != id {
					t.Error(again)
				}
			}
			next.number(1, &hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: id}}})
			if err := <-result; err != nil {
				t.Error(err)
			}
		})
	}
}

// What went to another instance meanwhile is cancelled, and not answered.
func TestResume_RevokedHandlersAreCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		causes := make(chan error, 2)
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, e *Event) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return e.Reply()
		})
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome(can)
		st.number(1, event(1, "a", "x"), event(2, "b", "x"), event(3, "a", "x"))
		synctest.Wait()
		st.end <- cut
		next := <-hub.streams
		next.welcome(resumed(1, 1, 3)) // one is running, the other waits behind it
		var revoked *RevokedError
		if err := <-causes; !errors.As(err, &revoked) || revoked.Reason != "MOVED" || !errors.Is(err, ErrLeaseLost) {
			t.Error(err)
		}
		next.number(2, &hubv1.Item{Kind: &hubv1.Item_Revoked{Revoked: &hubv1.Revoked{DeliverySeqs: []uint64{2}, Reason: "TIMEOUT"}}})
		if err := <-causes; !errors.As(err, &revoked) || revoked.Reason != "TIMEOUT" {
			t.Error(err)
		}
		synctest.Wait()
		if n := svc.lanes.WhenIdle(); n != nil {
			t.Error("there is work left")
		}
		select {
		case e := <-next.up:
			t.Error("answered: ", e)
		default:
		}
	})
}

// A hub that does not resume has the service's handlers cancelled, and its commands'
// outcome unknown.
func TestResume_NotResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		cause := make(chan error, 1)
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, _ *Event) error {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return nil
		})
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome(can)
		st.number(1, event(1, "a", "x"))
		result := make(chan error, 1)
		go func() { _, err := svc.To("r").EmitResult(t.Context(), "x"); result <- err }()
		st.envelope()
		st.end <- cut
		next := <-hub.streams
		next.welcome(can)
		if err := <-cause; !errors.Is(err, ErrLeaseLost) {
			t.Error(err)
		}
		if err := <-result; !errors.Is(err, ErrOutcomeUnknown) {
			t.Error(err)
		}
		if err := svc.To("r").Emit(t.Context(), "x"); err != nil {
			t.Error(err)
		}
		if e := next.envelope(); e.GetEnvelopeSeq() != 1 {
			t.Errorf("a new attachment counts anew: %d", e.GetEnvelopeSeq())
		}
	})
}

// After half a minute without a stream the hub has forgotten; so has the service.
func TestResume_EndsAfterHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		cause := make(chan time.Duration, 1)
		began := time.Now()
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, _ *Event) error {
			<-ctx.Done()
			cause <- time.Since(began)
			return nil
		})
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome(can)
		st.number(1, event(1, "a", "x"))
		synctest.Wait()
		hub.refuse.Store(&cut)
		st.end <- cut
		if after := <-cause; after != resumeWindow {
			t.Errorf("after %v", after)
		}
		hub.refuse.Store(nil)
		if hello := (<-hub.streams).welcome(can); hello.GetResume() != nil {
			t.Error("resumes what has ended")
		}
	})
}

// An envelope that may have ended the stream is not sent again.
func TestResume_NotAfterAnErrorThatAnEnvelopeMayCause(t *testing.T) {
	for _, code := range []codes.Code{codes.ResourceExhausted, codes.Internal} {
		synctest.Test(t, func(t *testing.T) {
			hub := play(t, scripted(Options{}), nil)
			st := <-hub.streams
			st.welcome(can)
			st.end <- status.Error(code, "too much")
			if hello := (<-hub.streams).welcome(can); hello.GetResume() != nil {
				t.Errorf("resumes after %v", code)
			}
		})
	}
}

// A hub that only talks gets receipts all the same.
func TestReceipts_WithoutAnythingToSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		st := <-play(t, svc, nil).streams
		st.welcome(can, func(w *hubv1.Welcome) { w.HeartbeatInterval = nil })
		synctest.Wait() // the sender is asleep
		for n := range receiptEvery {
			st.number(uint64(n+1), &hubv1.Item{Kind: &hubv1.Item_Heartbeat{}})
		}
		began := time.Now()
		if e := <-st.up; len(e.GetActions()) != 0 || e.GetAckEnvelopeSeq() != receiptEvery || !time.Now().Equal(began) {
			t.Error(e, time.Since(began))
		}
	})
}

// The hub's own reason for the end is better than gRPC's.
func TestEnded_SaysWhy(t *testing.T) {
	svc := scripted(Options{})
	hub := newScript()
	go func() {
		st := <-hub.streams
		st.welcome()
		st.say(&hubv1.Item{Kind: &hubv1.Item_Ended{Ended: &hubv1.Ended{Status: &hubv1.Status{
			Code: hubv1.Code_CODE_PERMISSION_DENIED, Reason: "GROUP_DENIED", Message: "not yours",
		}}}})
		st.end <- status.Error(codes.PermissionDenied, "not yours")
	}()
	var err *StatusError
	if got := svc.RunOn(t.Context(), hub); !errors.As(got, &err) || err.Reason != "GROUP_DENIED" {
		t.Error(got)
	}
}

// A stream that was welcomed and broke at once does not reset the backoff.
func TestBackoff_StartsAnewOnlyAfterAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := play(t, scripted(Options{}), nil)
		deadline := time.Now().Add(2 * time.Minute)
		for time.Now().Before(deadline) {
			st := <-hub.streams
			st.welcome()
			st.end <- cut
		}
		if n := hub.opened.Load(); n > 100 {
			t.Errorf("%d streams in two minutes", n)
		}
	})
}

// A hub whose sockets the program was told to be lost is asked to introduce them anew.
func TestPeers_LateReturnSaysAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		gone := make(chan *Disconnect, 10)
		svc.Namespace("/").AllowAnyone().Set(IntroduceOnAttach()).
			OnConnected(func(context.Context, *Connected) error { return nil }).
			OnDisconnect(func(_ context.Context, d *Disconnect) error { gone <- d; return nil })
		hub := play(t, svc, nil)
		at := func(id string) func(*hubv1.Welcome) { return func(w *hubv1.Welcome) { can(w); w.HubId = id } }
		connected := func(seq uint64, dedupe string) *hubv1.Item {
			return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{
				DeliverySeq: seq, DedupeId: []byte(dedupe), SubscriptionId: 2, Socket: &hubv1.Socket{Id: "s", Namespace: "/"},
				Body: &hubv1.Delivery_Connected{Connected: &hubv1.Connected{Rooms: []string{"r"}}},
			}}}
		}
		st := <-hub.streams
		st.welcome(at("A"))
		st.say(connected(1, "dedupe-1"))
		st.envelope()
		st.end <- cut
		st = <-hub.streams
		if st.welcome(at("B")).GetAnew() {
			t.Error("anew, before anything was lost")
		}
		d := <-gone
		if d.Reason != "hub lost" || len(d.DedupeID) != 16 || d.Socket.ID() != "s" || d.Rooms[0] != "r" {
			t.Errorf("%+v", d)
		}
		st.end <- cut
		st = <-hub.streams // asks for B, and meets A again
		if hello := st.welcome(at("A")); hello.GetAnew() {
			t.Error("anew for B")
		}
		st = <-hub.streams
		if hello := st.welcome(at("A")); !hello.GetAnew() || hello.GetResume() != nil {
			t.Error(hello)
		}
		st.say(connected(2, "dedupe-2"))
		st.envelope()
		st.end <- cut
		st = <-hub.streams
		if st.welcome(at("A")).GetAnew() {
			t.Error("anew twice")
		}
		select {
		case d := <-gone:
			t.Errorf("%+v", d)
		default:
		}
	})
}
