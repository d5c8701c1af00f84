package controlplane

import (
	"testing"

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
