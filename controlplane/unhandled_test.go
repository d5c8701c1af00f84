package controlplane

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

// unhandledOf waits for a notice of an event that nobody got, and returns its name.
func unhandledOf(t testing.TB, s *controlplanetest.Service) string {
	t.Helper()
	n := s.Notice()
	u := n.GetUnhandled()
	if n.Kind != hubv1.NoticeKind_NOTICE_KIND_UNHANDLED || u.GetNamespace() != "/chat" || n.Status.GetReason() == "" || n.Count != 1 {
		t.Fatalf("no notice of an unhandled event: %v", n)
	}
	return u.Event
}

func TestUnhandled_IsToldOnceAMinuteForEachName(t *testing.T) {
	var dropped int
	trace := &trace.Hooks{Dropped: func(_, _ string, _ trace.Kind, why trace.Drop) {
		if why == trace.DropUnhandled {
			dropped++
		}
	}}
	inBubble(t, Config{Trace: trace}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "1", controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat", "say"))
		elsewhere := w.attach("org", "1", controlplanetest.Handler("/org"))
		b := w.join(chat)
		for range 10 {
			b.emit(-1, "tpyo", "")
		}
		b.emit(-1, "other", "")
		if name := unhandledOf(t, chat); name != "tpyo" {
			t.Error(name)
		}
		if name := unhandledOf(t, chat); name != "other" {
			t.Error(name)
		}
		w.pass(59 * time.Second)
		b.emit(-1, "tpyo", "")
		chat.Quiet(500 * time.Millisecond)
		w.pass(time.Second)
		b.emit(-1, "tpyo", "")
		if name := unhandledOf(t, chat); name != "tpyo" {
			t.Error(name)
		}
		if dropped != 13 {
			t.Errorf("%d were counted", dropped)
		}
		elsewhere.Quiet(time.Millisecond)
	})
}

func TestUnhandled_IsToldToOneInstanceOfEachGroup(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		auth := w.attach("auth", "1", controlplanetest.Authorizer("/chat"))
		handlers := []*controlplanetest.Service{
			w.attach("chat", "1", controlplanetest.Handler("/chat", "say")),
			w.attach("chat", "2", controlplanetest.Handler("/chat", "say")),
		}
		b := w.browser()
		b.Send("40/chat,")
		auth.Accept(auth.Attempt())
		b.joined("/chat")
		b.emit(-1, "tpyo", "")
		unhandledOf(t, auth)
		w.pass(time.Second)
		told := 0
		for _, s := range handlers {
			for item, ok := s.TryNext(); ok; item, ok = s.TryNext() {
				if item.GetNotice().GetUnhandled() != nil {
					told++
				}
			}
		}
		if told != 1 {
			t.Errorf("%d instances of the group were told", told)
		}
	})
}
