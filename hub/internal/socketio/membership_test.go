package socketio

import (
	"runtime"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/internal/rooms"
)

// A service knows the id of a socket before it accepts: its other stream may disconnect the socket in the
// very moment in which it joins.
func TestMembership_OfOneSocketChangesOneCallAtATime(t *testing.T) {
	s := play(t, Config{})
	s.join("/")
	n := s.server.namespaces.lookup("/")
	var id string
	var other sync.WaitGroup
	// The table says that a user has come while it is still being told of the socket.
	n.rooms = rooms.New(rooms.Watch{UserPresent: func(_ string, present bool) {
		if !present {
			return
		}
		other.Go(func() { s.server.Disconnect(nil, "/", to(id), Eviction{}) })
		for range 1000 { // the other call comes as far as it can: nobody could see that it waits for a lock
			runtime.Gosched()
		}
		if !n.rooms.Has(id) {
			t.Error("removed while it was being added")
		}
	}})
	s.connect = func(a *Attempt) {
		id = a.SocketID()
		if err := a.Accept(Acceptance{User: "ann"}); err != nil {
			t.Error(err)
		}
	}
	b := s.open()
	b.Send("40")
	b.Next()
	b.Expect("41")
	s.heard("connect / ", "connected /", "disconnected / "+ReasonServerNamespaceDisconnect)
	other.Wait()
}
