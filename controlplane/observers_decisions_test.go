package controlplane

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

// Whoever follows a user or a room sees that it was let in, also when the hub did that
// without asking a service.
func TestObserver_FollowsWhomTheHubLetsInByItself(t *testing.T) {
	followed := func(set func(*hubv1.Subscription)) *hubv1.Subscription {
		s := observerOf("/chat", hubv1.Kind_KIND_DECISIONS)
		set(s)
		return s
	}
	ofUser := followed(func(s *hubv1.Subscription) { s.Users = []string{"u1"} })
	ofRoom := followed(func(s *hubv1.Subscription) { s.Rooms = []string{"r"} })
	check := func(t *testing.T, w *world, by string) {
		t.Helper()
		user, room := w.observer("1", ofUser), w.attach("watch-room", "1", ofRoom)
		introduced(t, room)
		b := w.knock(`{"token":"good"}`)
		b.joined("/chat")
		for _, watch := range []*controlplanetest.Service{user, room} {
			o := observed(t, watch, hubv1.Kind_KIND_DECISIONS)
			if d := o.GetDecision(); d.GetOutcome() != "accept" || d.By != by || o.Socket.GetUser() != "u1" {
				t.Error(o)
			}
		}
	}
	t.Run("by a token", func(t *testing.T) {
		inBubble(t, Config{BrowserTokens: &byAuth{}}, func(t *testing.T, w *world) { check(t, w, "token") })
	})
	t.Run("as before", func(t *testing.T) {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			gate := w.gate("a")
			b := w.knock(`{"token":"good"}`)
			gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "u1", Rooms: []string{"r"}, Cache: cachedFor(time.Hour)})
			b.joined("/chat")
			w.pass(0)
			check(t, w, "cache")
		})
	})
}

// An attempt that the hub's end leaves without a decision is seen, whoever would have
// decided it.
func TestObserver_SeesWhatNobodyDecides(t *testing.T) {
	for name, tokens := range map[string]*byAuth{"a service": nil, "tokens": {}} {
		t.Run(name, func(t *testing.T) {
			config := Config{Namespaces: []string{"/chat"}}
			if tokens != nil {
				tokens.pending.Store(true)
				config.BrowserTokens = tokens
			}
			inBubble(t, config, func(t *testing.T, w *world) {
				watch := w.observer("1", observerOf("/chat", hubv1.Kind_KIND_DECISIONS))
				w.knock("")
				w.pass(0)
				w.srv.connects.close()
				if d := observed(t, watch, hubv1.Kind_KIND_DECISIONS).GetDecision(); d.GetOutcome() != "undecided" || d.Message != "shutdown" {
					t.Error(d)
				}
				watch.Quiet(time.Second)
			})
		})
	}
}

// What was decided, or has left, at the moment of the end is not told of as undecided.
func TestConnect_TheEndTellsOfEachAttemptOnce(t *testing.T) {
	var told []trace.Undecided
	config := Config{Trace: &trace.Hooks{Undecided: func(why trace.Undecided) { told = append(told, why) }}}
	inBubble(t, config, func(t *testing.T, w *world) {
		gate := w.gate("a")
		b := w.knock("")
		gate.Attempt()
		c := w.srv.connects.all()[0]
		gone := w.knock("")
		gate.Attempt()
		gone.Abort()
		w.pass(time.Second)
		if c.attempt.DenyUnknown() != nil {
			t.Fatal("not denied")
		}
		c.shutdown()
		b.Next()
		if len(told) != 1 || told[0] != trace.UndecidedGone {
			t.Errorf("told of %v", told)
		}
	})
}
