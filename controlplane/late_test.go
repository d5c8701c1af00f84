package controlplane

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// worksFor attaches an instance that takes calls in /chat.
func (w *world) worksFor(group, id string) *controlplanetest.Service {
	w.t.Helper()
	return w.attach(group, id, &hubv1.Subscription{
		Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Kinds: []hubv1.Kind{hubv1.Kind_KIND_SERVICE_CALL},
	})
}

func call(group, name, args string, timeout time.Duration) *hubv1.Command {
	return &hubv1.Command{
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Op: &hubv1.Command_Call{Call: &hubv1.Call{
			Group: group, Namespace: "/chat", Name: name, Payload: &hubv1.Payload{Args: []byte(args)}, Timeout: durationpb.New(timeout),
		}},
	}
}

func TestCall_EachInstanceOfAGroupAnswersOnce(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		one, two := w.worksFor("jobs", "1"), w.worksFor("jobs", "2")
		caller := w.chat("a")
		caller.Command(call("jobs", "sum", "[1,2]", 5*time.Second))
		for _, s := range []*controlplanetest.Service{one, two} {
			d := s.Delivery()
			c := d.GetServiceCall()
			if c.GetName() != "sum" || c.Group != "chat" || string(c.Payload.Args) != "[1,2]" || !c.WantsAnswer || d.Socket != nil ||
				d.Traceparent == "" {
				t.Errorf("delivery: %v", d)
			}
			if s == one {
				s.Reply(d, "[3]")
			}
		}
		r := caller.Result()
		if a := r.GetCallAnswer(); !r.More || a.GetInstanceId() != "1" || a.Group != "jobs" || string(a.Payload.GetArgs()) != "[3]" {
			t.Errorf("answer: %v", r)
		}
		w.pass(5 * time.Second)
		r = caller.Result()
		if total := r.GetCallTotal(); r.More || total.GetExpectedCount() != 2 || total.AnsweredCount != 1 || total.TimedOutCount != 1 ||
			r.Status.GetReason() != "CALL_TIMED_OUT" {
			t.Errorf("total: %v", r)
		}
		if revoked := two.Revoked(); len(revoked.GetDeliverySeqs()) != 1 || revoked.Reason != "EXPIRED" {
			t.Errorf("the call that is over is taken back: %v", revoked)
		}
	})
}

func TestCall_InstanceThatIsLostCounts(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		one := w.worksFor("jobs", "1")
		caller := w.chat("a")
		caller.Command(call("", "sum", "[]", time.Minute))
		one.Delivery()
		_ = one.Leave()
		if r := caller.Result(); !r.More || r.GetCallAnswer().GetStatus().GetReason() != "INSTANCE_LOST" {
			t.Errorf("answer: %v", r)
		}
		if r := caller.Result(); r.More || r.GetCallTotal().GetFailedCount() != 1 {
			t.Errorf("total: %v", r)
		}
	})
}

func TestAcknowledge_GivesWhatAckLaterLeftOpen(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(7, "save", "")
		d := chat.Event("save")
		chat.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: true}}})
		w.pass(time.Minute)
		acknowledge := &hubv1.Command{Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{
			DedupeId: d.DedupeId, Payload: &hubv1.Payload{Args: []byte(`["done"]`)},
		}}}
		other := w.chat("b")
		other.Command(acknowledge)
		if r := other.Result(); r.Status != nil {
			t.Errorf("by another instance of the group: %v", r)
		}
		b.Expect(`43/chat,7["done"]`)
		chat.Command(acknowledge)
		if r := chat.Result(); r.Status.GetReason() != "NO_OPEN_ACK" {
			t.Errorf("again: %v", r)
		}
		b.emit(8, "save", "")
		d = chat.Event("save")
		chat.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: true}}})
		b.Send("41/chat,")
		chat.Done(chat.Disconnected())
		w.pass(time.Second)
		if n := w.srv.commands.OpenAcks().Len(); n != 0 {
			t.Errorf("%d are open for a browser that has gone", n)
		}
	})
}

func TestRevoke_IsTheDetailOfTheDisconnect(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Sockets: []string{b.id}}}})
		d := chat.Disconnected()
		if r := chat.Result(); r.Status != nil || r.QueuedCount != 1 {
			t.Errorf("result: %v", r)
		}
		if got := d.GetDisconnected(); got.Reason != "forced server close" || got.Detail != "revoked" {
			t.Errorf("disconnected: %v", got)
		}
		chat.Done(d)
		b.WaitEnd()
	})
}
