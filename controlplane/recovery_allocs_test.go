//go:build !race

package controlplane

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// What is kept of a browser that is away is its session alone, and that counts: nothing of its old connection is there any
// more once the services have heard that it has left.
func TestAllocs_ASessionThatIsAwayTakesNoMoreThanIsCounted(t *testing.T) {
	const sessions = 200
	recovering(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		for i := range sessions {
			v := &visitor{}
			v.browser = w.browser()
			v.Send(fmt.Sprintf(`40/chat,{"token":"%d %s"}`, i, strings.Repeat("x", 500)))
			chat.AcceptAs(chat.Attempt(), &hubv1.Accept{
				User: fmt.Sprint("user ", i), Rooms: []string{"all", fmt.Sprint("own ", i)}, Data: []byte(`{"n":1}`), KeepAuth: true,
			})
			v.enters()
			chat.Done(chat.Connected())
			v.goes()
			chat.Done(chat.Disconnected())
		}
		synctest.Wait()
		nothingIsLeft(t, w, sessions)
		with, counted := hubtest.Heap(), w.hub.Stats().Recovery.SessionBytes
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{
			Target: &hubv1.Target{Namespace: "/chat", Rooms: []string{"all"}},
		}}})
		if r := chat.Result(); r.StoredCount != sessions {
			t.Fatalf("result: %v", r)
		}
		synctest.Wait()
		took := with - hubtest.Heap()
		t.Logf("%d bytes each, counted %d", took/sessions, counted/sessions)
		if took > counted || took < counted/4 {
			t.Errorf("%d bytes of the heap, counted %d", took, counted)
		}
	})
}

// nothingIsLeft checks that no group keeps what a socket had.
func nothingIsLeft(t *testing.T, w *world, sessions int) {
	t.Helper()
	away, err := w.hub.FetchAway(hub.Target{Namespace: "/chat", All: true})
	if err != nil || len(away) != sessions {
		t.Fatal(len(away), err)
	}
	for _, one := range away {
		if left := one.Memo.(*memory).earlier(); len(left) > 0 {
			t.Fatalf("%s: %d groups keep what it had", one.User, len(left))
		}
	}
}

// The rooms of a socket that comes back are looked at only for those who ask for them, and only if they have changed.
func TestAllocs_RoomsOfOneThatIsBackCostNothingToThoseWhoDoNotAsk(t *testing.T) {
	srv, _ := settler(t)
	both := joinMany(t, srv, 2)
	is, was := both[0].Tag().(*socket), both[1].Tag().(*socket)
	m, a := is.all()[0], srv.routes.attachment("g", "i")
	costs := func(when string) {
		t.Helper()
		if n := testing.AllocsPerRun(100, func() { m.tellMoved(a, was) }); n != 0 {
			t.Errorf("%s: %v allocations", when, n)
		}
	}
	costs("nothing has changed, and nobody asks")
	if _, err := srv.hub.UpdateRooms(hub.Target{Namespace: "/bench", Sockets: []string{both[0].ID()}}, []string{"red"}, nil); err != nil {
		t.Fatal(err)
	}
	costs("nobody asks")
	a.interests.Store(subscription.NewInterests([]*subscription.Subscription{subscription.New(&hubv1.Subscription{
		Role: hubv1.Role_ROLE_HANDLER, Namespace: "/*", Kinds: []hubv1.Kind{hubv1.Kind_KIND_ROOMS},
	})}))
	was = is
	costs("nothing has changed")
}
