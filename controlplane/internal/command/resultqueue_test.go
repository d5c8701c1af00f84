package command

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/park"
)

func TestResultQueue_CallerWhoDoesNotReadLosesAcksAndIsTold(t *testing.T) {
	q := newResultQueue(park.NewBudget(keptBytes / 8))
	args := []byte(strings.Repeat("x", 100_000))
	omitted := 0
	for range 20 {
		ack := &hubv1.BrowserAck{Payload: &hubv1.Payload{Args: args}}
		if !q.Give(&hubv1.Result{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: ack}}) {
			omitted++
		}
	}
	q.Give(&hubv1.Result{Ack: &hubv1.Result_AckTotal{AckTotal: &hubv1.AckTotal{AckedCount: 20}}})
	acks := 0
	for {
		r, f := q.next(t.Context())
		if f != nil {
			t.Fatal(f)
		}
		if !r.More {
			if acks != 10 || omitted != 10 || r.GetAckTotal() == nil {
				t.Errorf("%d acks, %d omitted, then %v", acks, omitted, r)
			}
			return
		}
		acks++
	}
}

func TestResultQueue_AcksAreTakenFromTheBudget(t *testing.T) {
	budget := park.NewBudget(1000)
	ack := func() *hubv1.Result {
		a := &hubv1.BrowserAck{Payload: &hubv1.Payload{Args: make([]byte, 400)}}
		return &hubv1.Result{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: a}}
	}
	q, other := newResultQueue(budget), newResultQueue(budget)
	if !q.Give(ack()) || !other.Give(ack()) || q.Give(ack()) {
		t.Error("not two of 464 bytes fit 1000")
	}
	if r, f := q.next(t.Context()); f != nil || !r.More {
		t.Fatal(r, f)
	}
	if !q.Give(ack()) {
		t.Error("what was read has left no room")
	}
	q.Give(&hubv1.Result{})
	q.close()
	if budget.Used() != 464 {
		t.Errorf("%d bytes are taken beside a queue that is closed", budget.Used())
	}
	if q.Give(ack()) || !q.Give(&hubv1.Result{}) || q.pop() != nil {
		t.Error("a queue that is closed keeps something")
	}
	other.close()
	if budget.Used() != 0 {
		t.Errorf("%d bytes at the end", budget.Used())
	}
}

// heldStream holds each result up until the test lets it fail.
type heldStream struct {
	serverStream[hubv1.EmitWithAckResponse]
	fail chan struct{}
}

func (s *heldStream) Send(*hubv1.EmitWithAckResponse) error {
	<-s.fail
	return errGone
}

func TestControl_EmitWithAckOfACallerThatHasGoneKeepsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ann, bob, eve := w.join("/a", "ann"), w.join("/a", "bob"), w.join("/a", "eve")
		wire := &heldStream{serverStream[hubv1.EmitWithAckResponse]{ctx: t.Context()}, make(chan struct{})}
		ended := make(chan error, 1)
		go func() {
			c := emitAck(everybody("/a"), time.Minute, hubv1.AckMode_ACK_MODE_EACH)
			ended <- w.control.EmitWithAck(&hubv1.EmitWithAckRequest{Command: c}, wire)
		}()
		for _, b := range []*browser{ann, bob, eve} {
			b.Expect(`42/a,0["ask"]`)
		}
		ann.Send(`43/a,0["now"]`)
		bob.Send(`43/a,0["waits"]`)
		if synctest.Wait(); w.x.Held() == 0 {
			t.Error("an acknowledgement that waits takes no room")
		}
		close(wire.fail)
		if err := <-ended; !errors.Is(err, errGone) {
			t.Error(err)
		}
		if n := w.x.Held(); n != 0 {
			t.Errorf("%d bytes are held for nobody", n)
		}
		eve.Send(`43/a,0["late"]`)
		if synctest.Wait(); w.x.Held() != 0 || w.trace.bound(BoundAcks) != 1 {
			t.Errorf("one that came late: %d bytes are held, %d left out", w.x.Held(), w.trace.bound(BoundAcks))
		}
	})
}
