package controlplane

import (
	"fmt"
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
		w.pass(unhandledPause - time.Second)
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

func TestUnhandled_NamesThatBrowsersMakeUpAreBounded(t *testing.T) {
	var u unhandled
	now := time.Now()
	told := 0
	for i := range 3 * maxUnhandled {
		if u.first(eventName{"/", fmt.Sprint(i)}, now) {
			told++
		}
	}
	if told != maxUnhandled || len(u.told) != maxUnhandled {
		t.Errorf("%d told, %d remembered", told, len(u.told))
	}
	// A name that is just too old to be told is not looked for with each other name.
	u.told[eventName{"/", "0"}] = now.Add(-unhandledPause)
	if u.first(eventName{"/", "soon"}, now.Add(sweepPause-1)) || !u.first(eventName{"/", "next"}, now.Add(sweepPause)) {
		t.Error("old names are not looked for once a second")
	}
	if !u.first(eventName{"/", "later"}, now.Add(unhandledPause+sweepPause)) || len(u.told) != 1 {
		t.Errorf("%d remembered a minute later", len(u.told))
	}
}
