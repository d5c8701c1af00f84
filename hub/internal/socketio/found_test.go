package socketio

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/rooms"
)

// busy is what leaves beside CONNECT: it takes along whatever is queued for the connection.
func (s *stage) busy(volatile bool) {
	s.server.Emit(nil, "/busy", everybody, cluster.Message{Event: "busy", Volatile: volatile})
}

// joinBusy opens a session that has joined /busy, which is not recovered.
func (s *stage) joinBusy(road hubtest.Transport) *hubtest.Browser {
	b := s.http.Open(hubtest.Options{Transport: road})
	b.Send("40/busy,")
	b.Next()
	return b
}

// leaveBusy ends the only session, and waits until it has left.
func (s *stage) leaveBusy(b *hubtest.Browser) {
	s.t.Helper()
	eventually(s.t, "a request of it is there", func() bool { // else nobody sees that it has gone
		_, there := s.socket("/busy").client.session.Attendance()
		return there
	})
	b.Abort()
	eventually(s.t, "nobody is left", func() bool { return s.server.Count("/busy", everybody) == 0 })
}

// withRecovery are the configurations in which a socket comes in on different ways.
func withRecovery(t *testing.T, f func(t *testing.T, config Config, road hubtest.Transport)) {
	recovery := recovers()
	recovery.Recovery.Without = []string{"/busy"}
	for name, config := range map[string]Config{"plain": {}, "recovery": recovery} {
		t.Run(name, func(t *testing.T) {
			hubtest.Each(t, func(t *testing.T, road hubtest.Transport) { f(t, config, road) })
		})
	}
}

// A browser reads its CONNECT as soon as it is queued where the outbox's writer is at work, or a poll is there: whoever it tells
// its id then must find the socket. So the table knows a socket first.
func TestConnect_IsQueuedOnceTheSocketCanBeFound(t *testing.T) {
	withRecovery(t, func(t *testing.T, config Config, road hubtest.Transport) {
		s := play(t, config)
		s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{User: "ann", Rooms: []string{"red"}}) }
		b := s.joinBusy(road)
		n := s.server.namespaces.hold("/x")
		defer s.server.namespaces.release(n)
		n.rooms = rooms.New(rooms.Watch{
			UserPresent:  func(string, bool) { s.busy(false) },
			RoomOccupied: func(string, bool) { s.busy(false) },
		})
		b.Send("40/x,")
		b.Expect(`42/busy,["busy"]`)
		b.Expect(`42/busy,["busy"]`)
		idIn(t, b.Next(), "40/x,")
		if n.recovering != nil { // and once more, as one that comes back
			eventually(t, "the application knows", func() bool { return s.socket("/x") != nil })
			pid := s.socket("/x").recovery.PID()
			s.leaveBusy(b)
			eventually(t, "it is away", func() bool { return s.server.recovery.Sizes().Away == 1 })
			s.server.Emit(nil, "/x", to("red"), cluster.Message{Event: "missed"})
			b = s.joinBusy(road)
			b.Send(`40/x,{"pid":"` + pid + `"}`)
			b.Expect(`42/busy,["busy"]`)
			b.Expect(`42/busy,["busy"]`)
			idIn(t, b.Next(), "40/x,")
			if got := b.Next(); !strings.HasPrefix(got, `42/x,["missed"`) {
				t.Fatalf("got %q behind CONNECT", got)
			}
			eventually(t, "the application knows that it was recovered", func() bool { return s.socket("/x").Recovered() })
		}
		b.Abort()
	})
}

// The same as it happens: nothing that is done the moment CONNECT was read misses the socket, and nothing comes before CONNECT.
func TestConnect_WhoeverHasReadItIsFound(t *testing.T) {
	withRecovery(t, func(t *testing.T, config Config, road hubtest.Transport) {
		s := play(t, config)
		s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{Rooms: []string{"red" + a.SocketID()}}) }
		b := s.joinBusy(road)
		var chatter sync.WaitGroup
		stop := make(chan struct{})
		chatter.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.busy(true)
				}
			}
		})
		next := func() string {
			for {
				if got := b.Next(); !strings.HasPrefix(got, "42/busy,") {
					return got
				}
			}
		}
		for n := range 30 {
			name := fmt.Sprintf("/n%d", n)
			b.Send("40" + name + ",")
			id := idIn(t, next(), "40"+name+",")
			if n%2 == 0 {
				s.finds(name, id)
				for got := ""; !strings.Contains(got, `["last"`); {
					if got = next(); !strings.HasPrefix(got, "42"+name+",") {
						t.Fatalf("got %q behind CONNECT", got)
					}
				}
			}
			if o := s.server.Disconnect(nil, name, to(id), Eviction{}); o.Matched != 1 {
				t.Errorf("a disconnect: %+v", o)
			}
			if got := next(); got != "41"+name+"," {
				t.Fatalf("got %q behind CONNECT", got)
			}
		}
		close(stop)
		chatter.Wait()
		b.Abort()
	})
}

// finds makes commands for a socket, and fails unless each finds it. It gets `last` as the last one.
func (s *stage) finds(namespace, id string) {
	s.t.Helper()
	if sockets := s.server.Select(namespace, to(id)); len(sockets) != 1 {
		s.t.Errorf("%s: a fetch finds %d sockets", namespace, len(sockets))
	}
	if !s.server.HasAll(namespace, []string{id}) || !s.server.Occupied(namespace, id) || s.server.Count(namespace, to(id)) != 1 {
		s.t.Errorf("%s: is said not to be there", namespace)
	}
	moved, _ := s.server.UpdateRooms(namespace, to(id), []string{"blue"}, nil)
	changed, _, _ := s.server.SetData(namespace, to(id), DataChange{Data: []byte(`1`)})
	volatile := s.server.Emit(nil, namespace, to(id), cluster.Message{Event: "v", Volatile: true})
	room := s.server.Emit(nil, namespace, to("red"+id), cluster.Message{Event: "r"})
	last := s.server.Emit(nil, namespace, cluster.Target{Sockets: []string{id}}, cluster.Message{Event: "last"})
	for what, o := range map[string]Outcome{
		"rooms": moved, "data": changed, "a volatile emit": volatile, "an emit to a room of the acceptance": room, "an emit": last,
	} {
		if o.Matched != 1 || o.Stored != 0 {
			s.t.Errorf("%s: %s: %+v", namespace, what, o)
		}
	}
}

// idIn is the socket id of a CONNECT packet.
func idIn(t *testing.T, packet, head string) string {
	t.Helper()
	var answer struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, head)), &answer); err != nil || answer.SID == "" {
		t.Fatalf("got %q, want CONNECT", packet)
	}
	return answer.SID
}
