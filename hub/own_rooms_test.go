package hub_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// listening is an end that wants to be told of rooms.
type listening struct {
	*end
	own bool

	mu   sync.Mutex // guards the fields below
	here []string
	told []string
}

func (l *listening) Room(namespace, room string, occupied bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, fmt.Sprintf("%s %s %v", namespace, room, occupied))
	if at := slices.Index(l.here, room); occupied == (at >= 0) {
		l.told = append(l.told, "twice")
	} else if occupied {
		l.here = append(l.here, room)
	} else {
		l.here = slices.Delete(l.here, at, at+1)
	}
}

func (l *listening) OwnRooms() bool { return l.own }

// rooms are those that have somebody, without the id of a socket.
func (l *listening) rooms(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	here := slices.Clone(l.here)
	for i, room := range here {
		here[i] = strings.Replace(room, id, "own", 1)
	}
	slices.Sort(here)
	if slices.Contains(l.told, "twice") {
		here = append(here, "told twice")
	}
	return strings.Join(here, " ")
}

// An engine that wants so is told of a socket's own room, for as long as the socket is connected or away, whoever else joins the room,
// and no other one is.
func TestCluster_OwnRooms(t *testing.T) {
	for _, own := range []bool{true, false} {
		t.Run(fmt.Sprint(own), func(t *testing.T) {
			l := &listening{end: new(loop).end(), own: own}
			p := open(t, hub.Config{Recovery: hub.Recovery{Enabled: true}, Cluster: hub.ClusterConfig{Engine: l}})
			p.connect = func(a *hub.ConnectAttempt) { _ = a.Accept(hub.Acceptance{Rooms: []string{"red"}}) }
			id := ""
			is := func(what, want string) {
				t.Helper()
				if !own {
					want = strings.ReplaceAll(want, "(own) ", "")
				}
				want = strings.NewReplacer("(", "", ")", "").Replace(want)
				p.waitFor(what+": "+want, func() bool { return l.rooms(id) == want })
			}
			come := func(pid string) (*hubtest.Browser, string) {
				b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
				b.Send("40" + pid)
				var session struct{ SID, PID string }
				if err := json.Unmarshal([]byte(strings.TrimPrefix(b.Next(), "40")), &session); err != nil {
					t.Fatal(err)
				}
				id = session.SID
				return b, `{"pid":"` + session.PID + `"}`
			}
			b, pid := come("")
			is("it is there", "(own) red")
			b.Abort()
			p.waitFor("it is away", func() bool { return p.hub.Stats().Recovery.Away == 1 })
			is("away", "(own) red")
			first := id
			b, _ = come(pid)
			if id != first {
				t.Fatal("it begins anew")
			}
			is("back", "(own) red")
			other, _ := come("")
			if _, err := p.hub.UpdateRooms(hub.Target{Namespace: "/", Sockets: []string{id}}, []string{first}, nil); err != nil {
				t.Fatal(err)
			}
			second := id
			id = first
			if own {
				is("another one joins its room", strings.Join(slices.Sorted(slices.Values([]string{"own", "red", second})), " "))
			} else {
				is("another one joins its room", "own red")
			}
			if _, err := p.hub.Disconnect(nil, hub.Target{Namespace: "/", Sockets: []string{first}}, hub.DisconnectOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := p.hub.Disconnect(nil, hub.Target{Namespace: "/", Sockets: []string{second}}, hub.DisconnectOptions{}); err != nil {
				t.Fatal(err)
			}
			is("nobody is there", "")
			b.Abort()
			other.Abort()
		})
	}
}
