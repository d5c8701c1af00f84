package hub_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// guard is an Application that watches too, and writes down what it hears.
type guard struct {
	play
	mu    sync.Mutex // guards heard
	heard []string
}

func (g *guard) write(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = append(g.heard, fmt.Sprintf(format, args...))
}

func (g *guard) RoomsChanged(_ *hub.Socket, c hub.RoomsChange) {
	g.write("rooms %v %v %d", c.Joined, c.Left, c.Version)
}
func (g *guard) Upgraded(s *hub.Socket)              { g.write("upgraded %s", s.Namespace()) }
func (g *guard) RoomOccupied(namespace, room string) { g.write("occupied %s %s", namespace, room) }
func (g *guard) RoomVacated(namespace, room string)  { g.write("vacated %s %s", namespace, room) }
func (g *guard) UserPresent(namespace, user string)  { g.write("present %s %s", namespace, user) }
func (g *guard) UserAbsent(namespace, user string)   { g.write("absent %s %s", namespace, user) }
func (g *guard) AttemptGone(a *hub.ConnectAttempt)   { g.write("gone %s %v", a.Namespace(), a.Tag()) }
func (g *guard) ConnectFailed(f hub.ConnectFailure)  { g.write("%+v", f) }
func (g *guard) EventDropped(_ *hub.Socket, event string, reason hub.DropReason) {
	g.write("dropped %s %s", event, reason)
}

// expect waits until all of this was heard, in any order and nothing else, and forgets it.
func (g *guard) expect(want ...string) {
	g.t.Helper()
	slices.Sort(want)
	timeout, again := time.NewTimer(5*time.Second), time.NewTicker(time.Millisecond)
	defer timeout.Stop()
	defer again.Stop()
	for {
		g.mu.Lock()
		got := slices.Sorted(slices.Values(g.heard))
		if len(got) >= len(want) {
			g.heard = nil
		}
		g.mu.Unlock()
		if len(got) >= len(want) {
			if !slices.Equal(got, want) {
				g.t.Fatalf("heard\n   %s\nwant\n   %s", strings.Join(got, "\n   "), strings.Join(want, "\n   "))
			}
			return
		}
		select {
		case <-again.C:
		case <-timeout.C:
			g.t.Fatalf("heard only %q, want %q", got, want)
		}
	}
}

func TestWatcher_HearsWhatTheApplicationDoesNot(t *testing.T) {
	g := &guard{}
	g.start(t, hub.Config{Application: g})
	g.connect = func(a *hub.ConnectAttempt) {
		if a.Namespace() == "/slow" {
			a.SetTag("mine")
			return
		}
		_ = a.Accept(hub.Acceptance{User: "ann", Rooms: []string{"user:ann"}, Policy: &hub.Policy{Events: []string{"chat"}}})
	}
	b := g.http.Open(hubtest.Options{Transport: hubtest.Polling})
	b.Send("40")
	b.Next()
	g.expect("present / ann", "occupied / user:ann")
	if _, err := g.hub.UpdateRooms(all, []string{"a"}, []string{"user:ann"}); err != nil {
		t.Fatal(err)
	}
	g.expect("occupied / a", "vacated / user:ann", "rooms [a] [user:ann] 1")
	b.Upgrade()
	b.Send(`42["other"]`, "40/slow")
	g.expect("upgraded /", "dropped other policy_event")
	b.Abort()
	g.expect("gone /slow mine", "vacated / a", "absent / ann")
}

func TestWatcher_HearsOfBrowsersThatAreRefused(t *testing.T) {
	g := &guard{}
	g.start(t, hub.Config{Application: g, Handshakes: hub.Handshakes{AllowRequest: func(r *http.Request) error {
		if r.URL.Query().Get("token") != "" {
			return fmt.Errorf("no\xff")
		}
		return nil
	}}, Limits: hub.Limits{MaxSessions: 1}})
	foreign := http.Header{"Origin": {"https://foreign.example"}}
	g.http.Do(http.MethodGet, "EIO=4&transport=polling", "", foreign)
	g.expect("{Why:handshake Code:4 Status:403 Message:Forbidden Namespace: Origin:https://foreign.example RemoteAddress:192.0.2.1}")
	g.http.Get("EIO=4&transport=polling&token=x")
	g.expect("{Why:handshake Code:4 Status:403 Message:no\uFFFD Namespace: Origin: RemoteAddress:192.0.2.1}")
	g.http.Get("EIO=2&transport=polling")
	g.expect("{Why:handshake Code:5 Status:400 Message:Unsupported protocol version Namespace: Origin: RemoteAddress:192.0.2.1}")
	b := g.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	g.http.Get("EIO=4&transport=polling")
	g.expect("{Why:handshake Code:-1 Status:503 Message: Namespace: Origin: RemoteAddress:192.0.2.1}")
	g.http.Get("EIO=4&transport=polling&sid=unknown") // no handshake
	b.Send("40/unknown")
	b.Next()
	g.expect("{Why:unknown Code:-1 Status:0 Message:Invalid namespace Namespace:/unknown Origin: RemoteAddress:192.0.2.1}")
	g.connect = func(a *hub.ConnectAttempt) { _ = a.Deny("not you", nil) }
	b.Send("40")
	b.Next()
	g.expect("{Why:denied Code:-1 Status:0 Message:not you Namespace:/ Origin: RemoteAddress:192.0.2.1}")
}
