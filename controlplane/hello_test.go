package controlplane

import (
	"testing"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// Two streams say hello with one instance_id at the same time: one of them wins, and it
// is the one that the group knows.
func TestAttach_OfTwoHellosAtOnceOneWinsEverywhere(t *testing.T) {
	w := newWorld(t, Config{})
	for range 300 {
		hello := helloAction(&hubv1.Hello{
			Group: "g", InstanceId: "i", Subscriptions: []*hubv1.Subscription{controlplanetest.Handler("/chat")},
		})
		var pair [2]*controlplanetest.Service
		for i := range pair {
			pair[i] = controlplanetest.Open(t, w.conn)
		}
		for _, s := range pair {
			go s.Send(hello)
		}
		fenced := make(chan *controlplanetest.Service, 2)
		for _, s := range pair {
			go func() {
				_ = s.End()
				fenced <- s
			}()
		}
		loser := <-fenced
		w.srv.routes.mu.Lock()
		known := w.srv.routes.groups["g"].attachments["i"]
		w.srv.routes.mu.Unlock()
		if known == nil || known.lease.Load().Holds(1<<60) == nil {
			t.Fatal("the group does not know the stream of its instance")
		}
		for _, s := range pair {
			if s != loser {
				s.Kill()
			}
		}
		<-fenced
	}
}

// A process that has found the hub by two addresses keeps the stream that it has.
func TestAttach_SecondAddressOfOneHubIsRefused(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("i")
		again := func(ids ...string) *controlplanetest.Service {
			s := controlplanetest.Open(t, w.conn)
			s.Send(helloAction(&hubv1.Hello{Group: "chat", InstanceId: "i", AttachedHubIds: ids}))
			return s
		}
		wantEnd(t, again("other", chat.Welcome.HubId), codes.AlreadyExists, chat.Welcome.HubId)
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: &hubv1.Target{Namespace: "/chat", All: true}}}})
		chat.Result() // it is there
		wantEnd(t, again(make([]string, 1025)...), codes.InvalidArgument, "attached_hub_ids")
		if again("other").Next().GetWelcome() == nil {
			t.Error("a hub that is not among them does not take the process")
		}
		wantEnd(t, chat, codes.Aborted, "")
	})
}
