package controlplane

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

func TestAttach_RouteOfAnAbsentGroupCanBeTaken(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Routes: 30 * time.Second}}, func(t *testing.T, w *world) {
		w.chat("a").Kill()
		w.pass(29 * time.Second)
		taker := w.attach("taker", "i", controlplanetest.Handler("/chat"))
		if got := taker.Welcome.Subscriptions[0].GetStatus().GetCode(); got != hubv1.Code_CODE_ALREADY_EXISTS {
			t.Errorf("after 29 s: %v", got)
		}
		if err := taker.Leave(); err.Error() != "EOF" {
			t.Fatal(err)
		}
		w.pass(2 * time.Second)
		taker = w.attach("taker", "i", controlplanetest.Handler("/chat", "x"), controlplanetest.Authorizer("/chat"))
		for i, r := range taker.Welcome.Subscriptions {
			if r.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED {
				t.Errorf("after 31 s: %d: %v", i, r.GetStatus())
			}
		}
	})
}

// Of what an absent group holds only that is taken which others ask for.
func TestAttach_AnAbsentGroupKeepsTheRest(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Routes: 30 * time.Second}}, func(t *testing.T, w *world) {
		w.attach("chat", "a", controlplanetest.Handler("/chat", "a", "b", "c"), controlplanetest.Handler("/org", "a")).Kill()
		w.pass(31 * time.Second)
		w.attach("taker", "i", controlplanetest.Handler("/chat", "a", "x"), controlplanetest.Handler("/chat", "c"))
		var got []string
		for _, r := range w.srv.Status().Routes {
			got = append(got, fmt.Sprint(r.Group, r.Namespace, r.Events))
		}
		want := []string{"chat/chat[b]", "taker/chat[a x]", "taker/chat[c]", "chat/org[a]"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// That a group which has lost its patterns has one of those asked for hides nobody who has another one: at a moment, too,
// when nothing has looked after the absent group yet.
func TestAttach_ARouteOfAnAbsentGroupHidesNoneOfAPresentOne(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Routes: 30 * time.Second}}, func(t *testing.T, w *world) {
		w.attach("present", "i", controlplanetest.Handler("/chat", "b"))
		w.attach("absent", "i", controlplanetest.Handler("/chat", "a")).Kill()
		w.pass(30*time.Second + 4*janitorTick)
		third := w.attach("third", "i", controlplanetest.Handler("/chat", "a", "b"))
		if got := third.Welcome.Subscriptions[0].GetStatus().GetReason(); got != "HELD_BY_ANOTHER_GROUP" {
			t.Errorf("what a present group holds: %q", got)
		}
		fourth := w.attach("fourth", "i", controlplanetest.Handler("/chat", "a", "c"))
		if got := fourth.Welcome.Subscriptions[0].GetStatus(); got != nil {
			t.Errorf("what only the absent one holds: %v", got)
		}
	})
}
