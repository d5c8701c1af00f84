package controlplane

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

// cachedFor asks the hub to decide the same way for a time.
func cachedFor(age time.Duration, headers ...string) *hubv1.DecisionCache {
	return &hubv1.DecisionCache{MaxAge: durationpb.New(age), Headers: headers}
}

// cacheEventCounts counts what the trace tells.
type cacheEventCounts struct {
	mu   sync.Mutex
	seen map[trace.CacheEvent]int
}

func (c *cacheEventCounts) config() Config {
	c.seen = make(map[trace.CacheEvent]int)
	return Config{Trace: &trace.Hooks{DecisionCache: func(e trace.CacheEvent) {
		c.mu.Lock()
		c.seen[e]++
		c.mu.Unlock()
	}}}
}

func (c *cacheEventCounts) of(e trace.CacheEvent) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[e]
}

// revoke ends the authorization of users and sockets.
func revoke(users []string, sockets ...string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Users: users, Sockets: sockets}}}
}

func TestDecisions_AreReusedForAttemptsThatAreAlike(t *testing.T) {
	var counts cacheEventCounts
	inBubble(t, counts.config(), func(t *testing.T, w *world) {
		gate := w.gate("a")
		chat := w.attach("chat", "h", controlplanetest.Handler("/chat"))
		first := w.knock(`{"token":"ann"}`)
		attempt := gate.Attempt()
		gate.AcceptAs(attempt, &hubv1.Accept{
			User: "ann", Rooms: []string{"r1", "r2"}, Data: []byte(`{"a":1}`), KeepAuth: true, Cache: cachedFor(time.Minute),
			Policy: &hubv1.EdgePolicy{Events: []string{"say"}}, ExpireTime: timestamppb.New(time.Now().Add(40 * time.Second)),
		}, controlplanetest.EmitTo("/chat", "hello", "[]", attempt.Socket.Id))
		first.joined("/chat")
		first.Expect(`42/chat,["hello"]`)
		start := time.Now()
		d := chat.Connected()
		chat.Done(d)
		w.pass(0) // it is kept once the first one is in
		second := w.knock(`{"token":"ann"}`)
		second.joined("/chat")
		again := chat.Connected()
		chat.Done(again)
		if again.Socket.User != "ann" || string(again.Socket.Data) != `{"a":1}` || fmt.Sprint(again.GetConnected().Rooms) != "[r1 r2]" ||
			!bytes.Equal(again.GetConnected().Auth, []byte(`{"token":"ann"}`)) || again.Socket.Id == d.Socket.Id {
			t.Errorf("connected: %v", again)
		}
		second.emit(-1, "shout", "")
		second.emit(-1, "say", "")
		chat.Done(chat.Event("say"))
		second.Quiet(time.Second) // commands are never reused
		// Somebody else is not let in by it.
		other := w.knock(`{"token":"ann" }`)
		gate.Settle(deny(gate.Attempt(), "no", ""))
		other.Expect(`44/chat,{"message":"no"}`)
		// Both end when the authorization does, and whoever comes then is decided anew.
		first.WaitEnd()
		second.WaitEnd()
		if took := time.Since(start); took < 39*time.Second || took > 41*time.Second {
			t.Errorf("ended after %v", took)
		}
		w.knock(`{"token":"ann"}`)
		gate.Accept(gate.Attempt())
	})
	if counts.of(trace.CacheKept) != 1 || counts.of(trace.CacheHit) != 1 {
		t.Errorf("counted: %v", counts.seen)
	}
}

func TestDecisions_EndWithTheirAge(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		w.knock("")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Cache: cachedFor(time.Minute)})
		w.pass(59 * time.Second)
		w.knock("").joined("/chat")
		w.pass(time.Second)
		late := w.knock("")
		gate.Accept(gate.Attempt())
		late.joined("/chat")
	})
}

// A storm of browsers that return costs the service nothing.
func TestDecisions_AReconnectStormAsksOnce(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		const users, each = 20, 50
		for i := range users {
			b := w.knock(fmt.Sprintf(`{"token":%d}`, i))
			gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: fmt.Sprint(i), Cache: cachedFor(time.Hour)})
			b.joined("/chat")
		}
		w.pass(0) // it is kept once the first one is in
		for i := range users * each {
			w.knock(fmt.Sprintf(`{"token":%d}`, i%users)).joined("/chat")
		}
		gate.Quiet(time.Second)
	})
}

func TestDecisions_EndWithTheLastInstanceOfTheGroup(t *testing.T) {
	for name, leave := range map[string]func(*world, *controlplanetest.Service){
		"left": func(_ *world, s *controlplanetest.Service) { _ = s.Leave() },
		"lost": func(w *world, s *controlplanetest.Service) { s.Kill(); w.pass(32 * time.Second) },
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			a, b := w.gate("a"), w.gate("b")
			w.knock("")
			d, with := take(t, a, b)
			with.AcceptAs(d, &hubv1.Accept{Cache: cachedFor(time.Hour)})
			w.pass(time.Second)
			leave(w, a)
			w.pass(time.Second)
			w.knock("").joined("/chat") // b is there
			leave(w, b)
			w.pass(time.Second)
			late := w.knock("")
			back := w.gate("c")
			if d := back.Attempt(); d.Attempt != 1 {
				t.Errorf("%s: %v", name, d)
			} else {
				back.Accept(d)
			}
			late.joined("/chat")
		})
	}
}

func TestDecisions_ASuspendedInstanceKeepsThem(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		w.knock("")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Cache: cachedFor(time.Hour)})
		w.pass(time.Second)
		gate.Kill()
		w.pass(20 * time.Second)
		w.knock("").joined("/chat")
	})
}

func TestDecisions_OfAGroupThatIsNoAuthorizerAnyMoreAreNotUsed(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "a", controlplanetest.Authorizer("/*"))
		w.knock("")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Cache: cachedFor(time.Hour)})
		w.pass(time.Second)
		exact := w.attach("exact", "e", controlplanetest.Authorizer("/chat"))
		b := w.knock("")
		exact.Accept(exact.Attempt())
		b.joined("/chat")
	})
}

func TestDecisions_RevocationEndsThem(t *testing.T) {
	for name, who := range map[string]func(id string) *hubv1.Command{
		"by user":   func(string) *hubv1.Command { return revoke([]string{"ann"}) },
		"by socket": func(id string) *hubv1.Command { return revoke(nil, id) },
	} {
		for _, user := range []string{"ann", ""} {
			if user == "" && name == "by user" {
				continue
			}
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				gate := w.gate("a")
				first := w.knock("")
				gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: user, Cache: cachedFor(time.Hour)})
				first.joined("/chat")
				w.pass(0) // it is kept once the first one is in
				second := w.knock("")
				second.joined("/chat")
				w.pass(0) // its socket is there a moment after CONNECT may be
				gate.Command(who(second.id))
				second.WaitEnd()
				if r := gate.Result(); r.Status != nil || r.QueuedCount == 0 {
					t.Errorf("%s: %v", name, r)
				}
				back := w.knock("")
				gate.Settle(deny(gate.Attempt(), "no", ""))
				back.Expect(`44/chat,{"message":"no"}`)
			})
		}
	}
}

// The service decided about the second attempt before the revocation, and its accept
// comes after it: it lets that browser in, but nobody else by the same decision.
func TestDecisions_RevocationIsNotUndoneByAnAcceptUnderWay(t *testing.T) {
	var counts cacheEventCounts
	inBubble(t, counts.config(), func(t *testing.T, w *world) {
		gate := w.gate("a")
		underWay := w.knock("")
		d := gate.Attempt()
		gate.Command(revoke([]string{"ann"}))
		gate.Result()
		gate.AcceptAs(d, &hubv1.Accept{User: "ann", Cache: cachedFor(time.Hour)})
		underWay.joined("/chat")
		next := w.knock("")
		gate.Accept(gate.Attempt())
		next.joined("/chat")
	})
	if counts.of(trace.CacheRefused) != 1 || counts.of(trace.CacheHit) != 0 {
		t.Errorf("counted: %v", counts.seen)
	}
}

// The decision is revoked after it was looked up, and before the browser's socket is
// there for the revocation to find.
func TestDecisions_RevocationMeetsWhoIsJustComing(t *testing.T) {
	var w *world
	config := Config{Trace: &trace.Hooks{DecisionCache: func(e trace.CacheEvent) {
		if e == trace.CacheHit {
			w.srv.decisions.RevokeUser("ann")
		}
	}}}
	inBubble(t, config, func(t *testing.T, world *world) {
		w = world
		gate := w.gate("a")
		chat := w.attach("chat", "h", controlplanetest.Handler("/chat"))
		w.knock("")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ann", Cache: cachedFor(time.Hour)})
		chat.Done(chat.Connected())
		w.pass(0) // it is kept once the first one is in
		w.knock("").WaitEnd()
		chat.Done(chat.Connected())
		if d := chat.Disconnected().GetDisconnected(); d.Detail != "revoked" || d.Reason != "forced server close" {
			t.Errorf("disconnected: %v", d)
		}
	})
}

func TestDecisions_BadWishesAreRefused(t *testing.T) {
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprint("h", i)
	}
	for name, row := range map[string]struct {
		cache  *hubv1.DecisionCache
		field  string
		reason string
	}{
		"no age":        {&hubv1.DecisionCache{}, "max_age", "REQUIRED"},
		"zero":          {cachedFor(0), "max_age", "BAD_DURATION"},
		"negative":      {cachedFor(-time.Second), "max_age", "BAD_DURATION"},
		"too long":      {cachedFor(time.Hour + 1), "max_age", "BAD_DURATION"},
		"no header":     {cachedFor(time.Minute, "Cookie", ""), "headers[1]", "BAD_NAME"},
		"bad header":    {cachedFor(time.Minute, "Coo kie"), "headers[0]", "BAD_NAME"},
		"many headers":  {cachedFor(time.Minute, many...), "headers", "TOO_MANY"},
		"invalid":       {&hubv1.DecisionCache{MaxAge: &durationpb.Duration{Nanos: -1, Seconds: 1}}, "max_age", "BAD_DURATION"},
		"broken header": {cachedFor(time.Minute, "a\nb"), "headers[0]", "BAD_NAME"},
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			gate := w.gate("a")
			b := w.knock("")
			gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Cache: row.cache})
			if s := gate.Result().Status; s.GetField() != "accept.cache."+row.field || s.GetReason() != row.reason {
				t.Errorf("%s: %v", name, s)
			}
			gate.Accept(gate.Attempt())
			b.joined("/chat")
		})
	}
}

func TestDecisions_DependOnTheHeadersThatTheyList(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		w.knock("")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ua", Cache: cachedFor(time.Hour, "user-agent", "host")})
		w.pass(time.Second)
		w.knock("").joined("/chat") // the same kind of browser
		w.knock(`{"other":1}`)
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "cookie", Cache: cachedFor(time.Hour, "Cookie")})
		w.pass(time.Second)
		w.knock(`{"other":1}`).joined("/chat")
		w.knock("").joined("/chat")
		gate.Quiet(time.Second)
	})
}

// What the policy of an accept does not allow never reaches a service.
func TestPolicy_OfAnAcceptIsEnforcedByTheHub(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.knock("")
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{Policy: &hubv1.EdgePolicy{
			Events: []string{"say", "room:*"}, EventsPerSecond: 2, Burst: 3, BytesPerSecond: 1000,
		}})
		b.joined("/chat")
		chat.Done(chat.Connected())
		b.emit(1, "shout", "")
		for i := range 5 {
			b.emit(i+2, "room:a", fmt.Sprint(i))
		}
		for i := range 3 {
			if d := chat.Event("room:a"); string(d.GetEvent().Payload.Args) != fmt.Sprintf("[%d]", i) {
				t.Errorf("event: %v", d)
			} else {
				chat.Done(d)
			}
		}
		chat.Quiet(3 * time.Second)
		b.Quiet(time.Second) // what was dropped is not acknowledged
		b.emit(-1, "say", "")
		chat.Done(chat.Event("say"))
		big := `"` + string(bytes.Repeat([]byte("x"), 1500)) + `"`
		w.pass(3 * time.Second)
		b.emit(-1, "say", big)
		chat.Done(chat.Event("say")) // one of any size may come first
		b.emit(-1, "say", big)
		chat.Quiet(time.Second)
	})
}
