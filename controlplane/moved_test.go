package controlplane

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// follower is a handler that is introduced to what moves, and otherwise as sockets join.
func follower() *hubv1.Subscription {
	return handlerOf(func(s *hubv1.Subscription) { s.IntroduceMoved = true })
}

// Who asks for introduce_moved alone is introduced to the sockets that it takes over: from one that lives on, from one that
// leaves before it comes, and from one that is lost. What joined before there was a group comes with its first event still.
func TestIntroduction_Moved(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		join := func() *browser {
			b := w.browser()
			b.Send("40/chat,")
			gate.Accept(gate.Attempt())
			b.joined("/chat")
			return b
		}
		early := join()
		one := w.attach("chat", "1", follower())
		facts := map[string]string{}
		for range 4 {
			join()
			c := one.Connected()
			facts[c.Socket.Id] = string(c.DedupeId)
			one.Done(c)
		}
		takesOver := func(s *controlplanetest.Service, n int) {
			t.Helper()
			for range n {
				c := s.Connected()
				if !c.GetConnected().Moved || !c.GetConnected().Late || string(c.DedupeId) != facts[c.Socket.Id] {
					t.Errorf("moved: %v", c)
				}
				s.Done(c)
			}
		}
		two := w.attach("chat", "2", follower())
		takesOver(two, 2)
		if err := one.Leave(); err.Error() != "EOF" {
			t.Error(err)
		}
		takesOver(two, 2)
		two.Introduced()
		if err := two.Leave(); err.Error() != "EOF" {
			t.Error(err)
		}
		three := w.attach("chat", "3", follower())
		takesOver(three, 4)
		three.Introduced()
		three.Quiet(time.Second)

		early.emit(-1, "message", "")
		c := three.Connected()
		if c.GetConnected().Moved || !c.GetConnected().Late || c.Socket.Id != early.id {
			t.Errorf("joined before the group: %v", c)
		}
		three.Done(c)
		three.Done(three.Event("message"))
		facts[early.id] = string(c.DedupeId)
		three.Kill()
		takesOver(w.attach("chat", "4", follower()), 5)
	})
}

// Where lifecycle was dropped while nobody was attached, all who are there are introduced, though a group that only wants to hear
// of what moves would not be told of them on its return.
func TestIntroduction_MovedAfterLifecycleWasDropped(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Lifecycle: 2}}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		chat := w.attach("chat", "1", follower())
		if err := chat.Leave(); err.Error() != "EOF" {
			t.Error(err)
		}
		const browsers = 5
		for range browsers {
			b := w.browser()
			b.Send("40/chat,")
			gate.Accept(gate.Attempt())
			b.joined("/chat")
		}
		chat = w.attach("chat", "2", follower())
		told, lost := 0, 0
		for told+lost < browsers+1 { // the notice comes beside them
			switch item := chat.Next(); {
			case item.GetDelivery().GetConnected() != nil && !item.GetDelivery().GetConnected().Moved:
				told++
				chat.Done(item.GetDelivery())
			case item.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_LIFECYCLE_LOST:
				lost++
			default:
				t.Fatalf("unexpected: %v", item)
			}
		}
		if told != browsers || lost != 1 {
			t.Errorf("%d introduced, %d notices", told, lost)
		}
		chat.Introduced()
	})
}

// Without it nobody is introduced to what moves.
func TestIntroduction_NotMoved(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		one := w.chat("1")
		b := w.join(one)
		two := w.chat("2")
		if err := one.Leave(); err.Error() != "EOF" {
			t.Error(err)
		}
		two.Quiet(time.Minute)
		b.emit(-1, "message", "")
		two.Done(two.Event("message"))
	})
}
