package controlplane

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
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
