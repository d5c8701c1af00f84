package hub_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// loop joins hubs in one process: what one publishes the others apply at once.
type loop struct {
	mu   sync.Mutex // guards ends
	ends []*end
}

// end is one hub's end of a loop.
type end struct {
	*loop
	self cluster.Self
	host cluster.Host
	// away says that the engine cannot be reached; dumb, that this hub answers nothing.
	away, dumb bool
	published  []*cluster.Command
	serving    map[string]bool
}

func (l *loop) end() *end {
	e := &end{loop: l, serving: map[string]bool{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, e)
	return e
}

func (e *end) others() (others []*end) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, other := range e.ends {
		if other != e {
			others = append(others, other)
		}
	}
	return others
}

func (e *end) Open(self cluster.Self, host cluster.Host) error {
	e.self, e.host = self, host
	return nil
}

func (e *end) Publish(c *cluster.Command) error {
	if e.away {
		return cluster.ErrAway
	}
	own := *c // nothing of it may be kept
	if c.Message != nil {
		m := *c.Message
		m.Args = slices.Clone(m.Args)
		own.Message = &m
	}
	c = &own
	e.published = append(e.published, c)
	for _, other := range e.others() {
		other.host.Apply(c)
	}
	return nil
}

func (e *end) Ask(q *cluster.Question, a cluster.Asking) (stop func()) {
	g := &gathering{asking: a, open: map[string]bool{}}
	for _, other := range e.others() {
		g.open[other.self.ID] = true
	}
	g.mu.Lock()
	g.timer = time.AfterFunc(q.Timeout+time.Second, g.expire)
	g.mu.Unlock()
	for _, other := range e.others() {
		if !other.dumb {
			other.host.Answer(q, response{g, other.self.ID})
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.open) == 0 {
		g.endLocked()
	}
	return g.expire
}

func (e *end) Serve(namespace string, serves bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serving[namespace] = serves
}

func (e *end) Members() (members []cluster.Member) {
	for _, other := range e.others() {
		members = append(members, cluster.Member{Self: other.self})
	}
	return members
}

func (e *end) Describe([]byte)             {}
func (e *end) Status() cluster.Status      { return cluster.Status{Engine: "loop", Connected: !e.away} }
func (e *end) Behind() <-chan struct{}     { return nil }
func (e *end) Close(context.Context) error { return nil }

// gathering is a question that is open.
type gathering struct {
	asking cluster.Asking
	timer  *time.Timer

	mu   sync.Mutex // guards the fields below
	open map[string]bool
	done bool
}

func (g *gathering) expire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.endLocked()
}

func (g *gathering) endLocked() {
	if g.done {
		return
	}
	g.done = true
	g.timer.Stop()
	var missing []string
	for id := range g.open {
		missing = append(missing, id)
	}
	slices.Sort(missing)
	g.asking.Done(missing)
}

// response takes what one hub answers.
type response struct {
	*gathering
	from string
}

func (r response) Answer(a *cluster.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || !r.open[r.from] {
		return
	}
	a.From = r.from
	if r.asking.Answer != nil {
		r.asking.Answer(a)
	}
	if !a.More {
		if delete(r.open, r.from); len(r.open) == 0 {
			r.endLocked()
		}
	}
}

func (r response) Ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// joined starts hubs that share a loop.
func joined(t *testing.T, n int, config hub.Config) (plays []*play, ends []*end) {
	var l loop
	for range n {
		e := l.end()
		config.Cluster.Engine = e
		p := open(t, config)
		if err := p.hub.Cluster().Open(); err != nil {
			t.Fatal(err)
		}
		plays, ends = append(plays, p), append(ends, e)
	}
	return plays, ends
}

func TestCluster_CommandsReachTheOtherHubs(t *testing.T) {
	plays, ends := joined(t, 2, hub.Config{})
	a, b := plays[0].hub, plays[1].hub
	here, idHere := plays[0].join()
	there, idThere := plays[1].join()

	if _, err := b.UpdateRooms(hub.Target{Namespace: "/", Sockets: []string{idHere}}, []string{"room"}, nil); err != nil {
		t.Fatal(err)
	}
	out, err := b.Emit(nil, hub.Target{Namespace: "/", Rooms: []string{"room"}}, hub.Message{
		Event: "x", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{7}},
	}, hub.EmitOptions{})
	if err != nil || out.Matched != 0 || out.MissingHubs != nil {
		t.Fatalf("%+v %v", out, err)
	}
	here.Expect(`451-["x",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{7}))

	// Who has no room of the name of a socket gets nothing of what is sent to that socket.
	if _, err := b.UpdateRooms(hub.Target{Namespace: "/", Sockets: []string{idThere}}, []string{idHere}, nil); err != nil {
		t.Fatal(err)
	}
	_, _ = b.Emit(nil, hub.Target{Namespace: "/", Sockets: []string{idHere}}, hub.Message{Event: "exact"}, hub.EmitOptions{})
	here.Expect(`42["exact"]`)
	_, _ = a.SetData(hub.Target{Namespace: "/", Sockets: []string{idThere}}, hub.DataChange{Data: []byte(`{"n":1}`)})
	found, _ := b.FetchSockets(all)
	if data, _ := found[0].Data(); string(data) != `{"n":1}` {
		t.Errorf("data %s", data)
	}
	_, _ = b.Emit(nil, all, hub.Message{Event: "local"}, hub.EmitOptions{Local: true})
	_, _ = a.Emit(nil, hub.Target{Namespace: "*", All: true}, hub.Message{Event: "all"}, hub.EmitOptions{})
	here.Expect(`42["all"]`)
	there.Expect(`42["local"]`, `42["all"]`)
	_, _ = a.Disconnect(nil, hub.Target{Namespace: "/", Sockets: []string{idThere}}, hub.DisconnectOptions{})
	there.Expect("41")

	if !ends[0].serving["/"] || ends[1].serving["/"] {
		t.Errorf("serving %v, %v", ends[0].serving, ends[1].serving)
	}
}

func TestCluster_WhatIsHereStaysHere(t *testing.T) {
	plays, ends := joined(t, 2, hub.Config{})
	here, id := plays[0].join()
	target := hub.Target{Namespace: "/", Sockets: []string{id}}
	_, _ = plays[0].hub.Emit(nil, target, hub.Message{Event: "x"}, hub.EmitOptions{})
	_, _ = plays[0].hub.UpdateRooms(target, []string{"room"}, nil)
	_, _ = plays[0].hub.SetData(target, hub.DataChange{Data: []byte(`1`)})
	_, _ = plays[0].hub.EmitWithAck(nil, target, hub.Message{Event: "y"}, hub.EmitOptions{}, hub.AckOptions{Timeout: time.Minute})
	_, _ = plays[0].hub.Disconnect(nil, target, hub.DisconnectOptions{})
	here.Expect(`42["x"]`, `420["y"]`, "41")
	if n := len(ends[0].published); n != 0 {
		t.Errorf("%d commands were published", n)
	}
}

func TestCluster_SaysWhomACommandDoesNotReach(t *testing.T) {
	plays, ends := joined(t, 3, hub.Config{})
	ends[0].away = true
	want := []string{plays[1].hub.ID(), plays[2].hub.ID()}
	slices.Sort(want)
	for name, command := range map[string]func() (hub.Outcome, error){
		"emit": func() (hub.Outcome, error) {
			return plays[0].hub.Emit(nil, all, hub.Message{Event: "x"}, hub.EmitOptions{})
		},
		"rooms":      func() (hub.Outcome, error) { return plays[0].hub.UpdateRooms(all, []string{"r"}, nil) },
		"disconnect": func() (hub.Outcome, error) { return plays[0].hub.Disconnect(nil, all, hub.DisconnectOptions{}) },
		"data":       func() (hub.Outcome, error) { return plays[0].hub.SetData(all, hub.DataChange{}) },
	} {
		if out, err := command(); err != nil || !slices.Equal(out.MissingHubs, want) {
			t.Errorf("%s: %+v %v", name, out, err)
		}
	}
}

func TestCluster_AcknowledgementsComeFromAllHubs(t *testing.T) {
	plays, ends := joined(t, 3, hub.Config{})
	here, _ := plays[0].join()
	there, idThere := plays[1].join()
	gone, _ := plays[1].join()
	ends[2].dumb = true
	acks, total := make(chan hub.BrowserAck, 2), make(chan hub.AckTotal, 1)
	_, err := plays[0].hub.EmitWithAck(nil, all, hub.Message{Event: "q"}, hub.EmitOptions{}, hub.AckOptions{
		Timeout: 100 * time.Millisecond,
		OnAck:   func(a hub.BrowserAck) { acks <- a },
		OnDone:  func(t hub.AckTotal) { total <- t },
	})
	if err != nil {
		t.Fatal(err)
	}
	here.Expect(`420["q"]`)
	there.Expect(`420["q"]`)
	gone.Expect(`420["q"]`)
	gone.Send("41")
	there.Send(`430["there"]`)
	if a := <-acks; a.SocketID != idThere || string(a.Args) != `["there"]` {
		t.Errorf("%+v", a)
	}
	want := hub.AckTotal{Expected: 3, Acked: 1, TimedOut: 1, Disconnected: 1, MissingHubs: []string{plays[2].hub.ID()}}
	if got := <-total; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCluster_AnswersQuestions(t *testing.T) {
	plays, _ := joined(t, 2, hub.Config{})
	plays[1].connect = func(a *hub.ConnectAttempt) {
		_ = a.Accept(hub.Acceptance{User: "ann", Rooms: []string{"r1", "r2"}, Data: []byte(`{"n":9007199254740993}`)})
	}
	_, id := plays[1].join()
	ask := func(q cluster.Question) (answers []*cluster.Answer) {
		t.Helper()
		done := make(chan []string, 1)
		q.Namespace, q.Timeout = "/", time.Minute
		plays[0].hub.Cluster().Ask(&q, cluster.Asking{Answer: func(a *cluster.Answer) { answers = append(answers, a) }, Done: func(m []string) { done <- m }})
		if missing := <-done; missing != nil {
			t.Errorf("missing %q", missing)
		}
		return answers
	}
	one := ask(cluster.Question{Kind: cluster.Fetch, Target: cluster.Target{All: true}, Handshakes: true})[0].Sockets[0]
	if one.ID != id || one.User != "ann" || !slices.Equal(one.Rooms, []string{"r1", "r2"}) || string(one.Data) != `{"n":9007199254740993}` ||
		one.Transport != "websocket" || one.Handshake == nil || one.Handshake.URL == "" {
		t.Errorf("%+v", one)
	}
	if n := ask(cluster.Question{Kind: cluster.Count, Target: cluster.Target{Users: []string{"ann"}}})[0].Count; n != 1 {
		t.Errorf("counted %d", n)
	}
	rooms := ask(cluster.Question{Kind: cluster.ListRooms, Prefix: "r"})[0].Names
	if len(rooms) != 2 || rooms[0].Sockets != 1 {
		t.Errorf("rooms %v", rooms)
	}
	if users := ask(cluster.Question{Kind: cluster.ListUsers})[0].Names; len(users) != 1 || users[0].Name != "ann" {
		t.Errorf("users %v", users)
	}
	set := cluster.Command{Namespace: "/", Target: cluster.Target{Sockets: []string{id}}, Data: &cluster.Data{JSON: []byte(`{"m":1}`), Merge: true}}
	if o := ask(cluster.Question{Kind: cluster.CarryOut, Command: &set})[0].Outcome; o.Queued != 1 || o.DataVersion == 0 {
		t.Errorf("%+v", o)
	}
}

// A question may say that browsers have a hundred years: each of them owes a few acknowledgements only.
func TestCluster_ForgedPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plays, ends := joined(t, 2, hub.Config{})
		browser, _ := plays[0].join()
		last := make(chan *cluster.Answer, 3)
		ends[0].host.Answer(&cluster.Question{
			Kind: cluster.Acks, Namespace: "/", Target: cluster.Target{All: true}, Message: &cluster.Message{Event: "x"}, Timeout: 1 << 62,
		}, answers(last))
		browser.Expect(`420["x"]`)
		virtualtime.Pass(time.Hour)
		for {
			select {
			case a := <-last:
				if !a.More {
					if total := a.Acks.Total; total.TimedOut != 1 {
						t.Errorf("%+v", total)
					}
					return
				}
			default:
				t.Fatal("it goes on")
			}
		}
	})
}

// answers takes what is answered.
type answers chan *cluster.Answer

func (c answers) Answer(a *cluster.Answer) { c <- a }
func (c answers) Ended() bool              { return false }

// Whoever writes to the engine may write anything.
func TestCluster_WhatIsForgedIsRefusedAndCounted(t *testing.T) {
	var mu sync.Mutex
	refused := map[string]string{}
	plays, ends := joined(t, 2, hub.Config{Trace: &hub.Trace{PeerRefused: func(kind, why string) {
		mu.Lock()
		defer mu.Unlock()
		refused[kind] = why
	}}})
	browser, id := plays[0].join()
	everybody := cluster.Target{All: true}
	for _, row := range []struct {
		command   cluster.Command
		kind, why string
	}{
		{cluster.Command{Namespace: "/", Target: everybody, Message: &cluster.Message{Event: "x", Args: []byte(`[`)}}, "emit", "BAD_ARGS"},
		{cluster.Command{Namespace: "/", Target: everybody, Message: &cluster.Message{Event: "connect"}}, "emit", "RESERVED_EVENT"},
		{cluster.Command{Namespace: "none", Target: everybody, Message: &cluster.Message{Event: "x"}}, "emit", "BAD_NAMESPACE"},
		{cluster.Command{Namespace: "/", Target: cluster.Target{}, Message: &cluster.Message{Event: "x"}}, "emit", "EMPTY_TARGET"},
		{cluster.Command{Namespace: "/", Target: everybody, Join: []string{"\x01user:ann"}}, "rooms", "RESERVED_ROOM"},
		{cluster.Command{Namespace: "/", Target: everybody, Join: []string{""}}, "rooms", "EMPTY_NAME"},
		{cluster.Command{Namespace: "/", Target: everybody, Leave: []string{strings.Repeat("x", 300)}}, "rooms", "limits.room_bytes"},
		{cluster.Command{Namespace: "/", Target: everybody, Disconnect: &cluster.Disconnect{Detail: "\xff"}}, "disconnect", "INVALID_UTF8"},
		{cluster.Command{Namespace: "/", Target: everybody, Data: &cluster.Data{JSON: []byte(`{`)}}, "data", "BAD_JSON"},
		{cluster.Command{Namespace: "/" + strings.Repeat("x", 300), Target: everybody, Join: []string{"r"}}, "rooms", "limits.namespace_bytes"},
	} {
		ends[0].host.Apply(&row.command)
		mu.Lock()
		if refused[row.kind] != row.why {
			t.Errorf("%+v: %q", row.command, refused[row.kind])
		}
		mu.Unlock()
	}
	answers := 0
	for _, q := range []cluster.Question{
		{Kind: 99, Namespace: "/"}, {Kind: cluster.Acks, Namespace: "/"}, {Kind: cluster.CarryOut}, {Kind: cluster.ServerSideEmit},
		{Kind: cluster.CarryOut, Command: &cluster.Command{Signal: []byte("x")}}, {Kind: cluster.Fetch, Namespace: "/"},
	} {
		plays[1].hub.Cluster().Ask(&q, cluster.Asking{Answer: func(*cluster.Answer) { answers++ }, Done: func([]string) {}})
	}
	if answers != 6 {
		t.Errorf("%d questions were answered", answers)
	}
	_, _ = plays[0].hub.Emit(nil, hub.Target{Namespace: "/", Sockets: []string{id}}, hub.Message{Event: "still"}, hub.EmitOptions{})
	browser.Expect(`42["still"]`)
}
