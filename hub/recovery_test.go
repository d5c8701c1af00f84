package hub_test

import (
	"testing"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// Whoever lets browsers join rooms hears why nothing was done, also where all of them are away. As long as it was done
// for one of them that is no error.
func TestUpdateRooms_TooManyRoomsOfSessionsThatAreAway(t *testing.T) {
	p := open(t, hub.Config{Recovery: hub.Recovery{Enabled: true}, Limits: hub.Limits{RoomsPerSocket: 1}})
	p.connect = func(a *hub.ConnectAttempt) {
		_ = a.Accept(hub.Acceptance{User: string(a.Auth()), Rooms: []string{"all"}})
	}
	for i, user := range []string{`{"a":1}`, `{"b":1}`} {
		b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
		b.Send("40" + user)
		b.Next()
		b.Abort()
		p.waitFor("it is away", func() bool { return p.hub.Stats().Recovery.Away == i+1 })
	}
	join := func() (stored int, why string) {
		out, err := p.hub.UpdateRooms(all, []string{"other"}, nil)
		return out.Stored, outcome(err)
	}
	if stored, err := join(); stored != 0 || err != "join limits.rooms_per_socket" {
		t.Errorf("stored %d, %q", stored, err)
	}
	if _, err := p.hub.UpdateRooms(hub.Target{Namespace: "/", Users: []string{`{"a":1}`}}, nil, []string{"all"}); err != nil {
		t.Error(err)
	}
	if stored, err := join(); stored != 1 || err != "" {
		t.Errorf("of one that has room and one that has not: stored %d, %q", stored, err)
	}
}
