package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/hub/hubtest"
)

// fleet is hubs that share an engine with a log.
type fleet struct {
	t       *testing.T
	engine  *clustertest.Switch
	plays   []*play
	ends    []cluster.Recorder
	persist string

	mu       sync.Mutex // guards outcomes
	outcomes []string   // of wishes to be recovered, at any hub
}

func newFleet(t *testing.T, n int, persist string) *fleet {
	f := &fleet{t: t, engine: clustertest.NewSwitch(), persist: persist}
	for range n {
		f.add()
	}
	f.meet()
	return f
}

// add starts one more hub.
func (f *fleet) add() int {
	f.t.Helper()
	end := f.engine.Recorder(cluster.Settings{})
	p := open(f.t, hub.Config{
		Recovery: hub.Recovery{Enabled: true, Persist: f.persist}, Cluster: hub.ClusterConfig{Engine: end},
		Trace: &hub.Trace{Recovery: func(outcome hub.RecoveryOutcome) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.outcomes = append(f.outcomes, string(outcome))
		}},
	})
	p.connect = func(a *hub.ConnectAttempt) {
		acceptance := hub.Acceptance{User: "ann", Rooms: []string{"red"}, Data: []byte(`{"n":1}`)}
		if r := a.Recovery(); r != nil {
			acceptance = hub.Acceptance{User: r.User}
		}
		_ = a.Accept(acceptance)
	}
	if err := p.hub.Cluster().Open(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = p.hub.Shutdown(ctx)
		_ = end.Close(ctx)
	})
	f.plays, f.ends = append(f.plays, p), append(f.ends, end)
	return len(f.plays) - 1
}

// meet waits until all know each other.
func (f *fleet) meet() {
	for _, p := range f.plays {
		p.waitFor("they know each other", func() bool { return len(p.hub.Cluster().Members()) >= len(f.plays)-1 })
	}
}

// wanderer is a browser that may be recovered. It numbers what it gets.
type wanderer struct {
	f        *fleet
	browser  *hubtest.Browser
	sid, pid string
	offset   string
	got      []string
}

// come connects to a hub, and reports whether it was recovered.
func (w *wanderer) come(at int) (recovered bool) {
	w.f.t.Helper()
	w.browser = w.f.plays[at].http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	connect := "40"
	if w.pid != "" {
		connect += `{"pid":"` + w.pid + `"`
		if w.offset != "" {
			connect += `,"offset":"` + w.offset + `"`
		}
		connect += "}"
	}
	w.browser.Send(connect)
	var answer struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(w.browser.Next(), "40")), &answer); err != nil {
		w.f.t.Fatal(err)
	}
	recovered = answer.PID == w.pid && answer.SID == w.sid
	w.sid, w.pid = answer.SID, answer.PID
	return recovered
}

// take takes the next packet.
func (w *wanderer) take() {
	w.f.t.Helper()
	text := w.browser.Next()
	var list []string
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &list); err != nil || len(list) != 3 {
		w.f.t.Fatalf("got %q", text)
	}
	w.got, w.offset = append(w.got, list[1]), list[2]
}

func (w *wanderer) takeUntil(last string) {
	w.f.t.Helper()
	for !slices.Contains(w.got, last) {
		w.take()
	}
}

// say emits a text that is for the wanderer, in one of many ways.
func (f *fleet) say(at int, way int, w *wanderer, text string) {
	f.t.Helper()
	target := []hub.Target{
		{Namespace: "/", All: true}, {Namespace: "/", Rooms: []string{"red"}}, {Namespace: "/", Sockets: []string{w.sid}},
		{Namespace: "/", Users: []string{"ann"}}, {Namespace: "/", All: true, ExceptRooms: []string{"blue"}},
	}[way%5]
	args, _ := json.Marshal([]string{text})
	if _, err := f.plays[at].hub.Emit(nil, target, hub.Message{Event: "x", Args: args}, hub.EmitOptions{}); err != nil {
		f.t.Fatal(err)
	}
}

// away waits until a hub has noticed that its browser has left.
func (f *fleet) away(at int) {
	f.t.Helper()
	f.plays[at].waitFor("it is away", func() bool { return f.plays[at].hub.Stats().Recovery.Away > 0 })
}

// A browser comes to another hub than the one that it has left: its session is there, with all that it has missed, once.
func TestRecovery_AtAnotherHub(t *testing.T) {
	for name, row := range map[string]struct {
		persist string
		leave   func(f *fleet, w *wanderer)
	}{
		"that knows that it has left": {hub.PersistOnStop, func(f *fleet, w *wanderer) {
			w.browser.Abort()
			f.away(0)
		}},
		"that is just about to know": {hub.PersistOnStop, func(_ *fleet, w *wanderer) { w.browser.Abort() }},
		"that drains": {hub.PersistOnStop, func(f *fleet, _ *wanderer) {
			if err := f.plays[0].hub.Drain(f.t.Context(), 0); err != nil {
				f.t.Fatal(err)
			}
		}},
		"that drains, and keeps all": {hub.PersistOnChange, func(f *fleet, _ *wanderer) {
			if err := f.plays[0].hub.Drain(f.t.Context(), 0); err != nil {
				f.t.Fatal(err)
			}
		}},
		"that ends": {hub.PersistOnStop, func(f *fleet, _ *wanderer) {
			if err := f.plays[0].hub.Shutdown(f.t.Context()); err != nil {
				f.t.Fatal(err)
			}
		}},
		"that ends while it is away": {hub.PersistOnStop, func(f *fleet, w *wanderer) {
			w.browser.Abort()
			f.away(0)
			if err := f.plays[0].hub.Shutdown(f.t.Context()); err != nil {
				f.t.Fatal(err)
			}
		}},
		"that was killed": {hub.PersistOnChange, func(f *fleet, w *wanderer) {
			f.waitForSession(w)
			f.engine.Cut(f.ends[0], true)
			w.browser.Abort()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 3, row.persist)
				w := &wanderer{f: f}
				w.come(0)
				f.say(1, 0, w, "before, elsewhere")
				w.take()
				f.say(0, 2, w, "before, here alone")
				w.take()
				handled := w.offset
				f.say(0, 2, w, "on the way, here alone")
				f.say(2, 1, w, "on the way, elsewhere")
				w.takeUntil("on the way, elsewhere")
				w.got, w.offset = w.got[:2], handled // the last two it has not handled
				row.leave(f, w)
				f.say(1, 3, w, "missed 1")
				f.say(2, 4, w, "missed 2")
				if !w.come(1) {
					t.Fatalf("it begins anew: %q", f.outcomes)
				}
				f.say(1, 2, w, "after")
				w.takeUntil("after")
				want := []string{"before, elsewhere", "before, here alone", "on the way, here alone", "on the way, elsewhere", "missed 1", "missed 2", "after"}
				if !slices.Equal(w.got, want) {
					t.Errorf("got %q, want %q", w.got, want)
				}
				found, _ := f.plays[1].hub.FetchSockets(all)
				if data, _ := found[0].Data(); len(found) != 1 || string(data) != `{"n":1}` || !slices.Equal(found[0].Rooms(), []string{"red"}) {
					t.Errorf("%d sockets, data %s, rooms %q", len(found), data, found[0].Rooms())
				}
			})
		})
	}
}

// waitForSession waits until the engine has the session of a browser.
func (f *fleet) waitForSession(w *wanderer) {
	f.plays[0].waitFor("the session is kept", func() bool { return slices.Contains(f.engine.Sessions(), w.pid) })
}

// A browser wanders from hub to hub, which end and begin, and handles only some of what it gets before it goes on. What each
// hub says comes in order, all of it, once.
func TestRecovery_OfABrowserThatWanders(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { wander(t, seed) })
		})
	}
}

func wander(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	persist := []string{hub.PersistOnStop, hub.PersistOnChange}[seed%2]
	f := newFleet(t, 3, persist)
	w := &wanderer{f: f}
	at := r.IntN(3)
	w.come(at)
	said := map[string][]string{}
	alive := []int{0, 1, 2}
	n := 0
	speak := func(times int) (last string) {
		for range times {
			n++
			by := alive[r.IntN(len(alive))]
			last = fmt.Sprintf("%d says %d", by, n)
			f.say(by, r.IntN(5), w, last)
			said[fmt.Sprint(by)] = append(said[fmt.Sprint(by)], last)
		}
		return last
	}
	for hop := range 8 {
		speak(r.IntN(6))
		all := len(slices.Concat(said["0"], said["1"], said["2"], said["3"], said["4"], said["5"], said["6"], said["7"], said["8"], said["9"], said["10"]))
		for range r.IntN(all - len(w.got) + 1) {
			w.take()
		}
		ways := 3
		if persist == hub.PersistOnChange {
			ways = 4
		}
		way := r.IntN(ways)
		switch way {
		case 0:
			w.browser.Abort()
		case 1:
			w.browser.Abort()
			f.away(at)
		case 2:
			if err := f.plays[at].hub.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		case 3: // as if it were killed, once all that it has said is out
			synctest.Wait()
			f.engine.Cut(f.ends[at], true)
			w.browser.Abort()
		}
		if way >= 2 {
			alive = slices.DeleteFunc(alive, func(one int) bool { return one == at })
			alive = append(alive, f.add())
		}
		speak(r.IntN(4))
		at = alive[r.IntN(len(alive))]
		if !w.come(at) {
			t.Fatalf("hop %d: it begins anew: %q", hop, f.outcomes)
		}
	}
	w.takeUntil(speak(1))
	total := 0
	for by, want := range said {
		total += len(want)
		got := slices.DeleteFunc(slices.Clone(w.got), func(text string) bool { return !strings.HasPrefix(text, by+" says") })
		for len(got) < len(want) { // what others said may come after the last
			before := len(w.got)
			w.take()
			if text := w.got[before]; strings.HasPrefix(text, by+" says") {
				got = append(got, text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("of hub %s\ngot  %q\nwant %q", by, got, want)
		}
	}
	if len(w.got) != total {
		t.Errorf("%d came, %d were said", len(w.got), total)
	}
	w.browser.Quiet(10 * time.Millisecond)
}

// What was missed does not count as what a session holds: as much is brought to another hub as would be recovered at its own.
func TestRecovery_BringsMoreThanASessionMayHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, hub.PersistOnStop)
		w := &wanderer{f: f}
		w.come(0)
		f.say(0, 2, w, "first")
		w.take()
		w.browser.Abort()
		f.away(0)
		const many = 30
		long := strings.Repeat("x", 10<<10)
		for n := range many {
			f.say(1, 0, w, fmt.Sprint(n, long))
		}
		if !w.come(1) {
			t.Fatalf("it begins anew: %q", f.outcomes)
		}
		w.browser.Abort() // and goes once more before it has handled anything
		f.away(1)
		if !w.come(0) {
			t.Fatalf("it begins anew: %q", f.outcomes)
		}
		for range many {
			w.take()
		}
	})
}
