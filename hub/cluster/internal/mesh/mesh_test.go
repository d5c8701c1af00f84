package mesh

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/internal/virtualtime"
)

// air connects meshes in memory: what is sent arrives at once.
type air struct {
	mu       sync.Mutex
	stations []*station
	max      int
	block    chan struct{} // not nil: Send waits for it
}

// station is one hub.
type station struct {
	*Mesh
	air *air

	mu       sync.Mutex
	off      bool // hears nothing, and is not heard
	applied  []*cluster.Command
	changes  int
	answer   func(*cluster.Question, cluster.Responder)
	apply    func(*cluster.Command)
	notThere bool // Concerns
	frames   []Out
	drops    map[string]int
	lost     int
	panics   int
	refused  map[string]int
}

func (s *station) MaxFrame() int { return s.air.max }

func (s *station) Send(ctx context.Context, batch []Out) error {
	if s.air.block != nil {
		select {
		case <-s.air.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, out := range batch {
		s.air.mu.Lock()
		to := s.air.stations
		s.air.mu.Unlock()
		s.mu.Lock()
		s.frames = append(s.frames, out)
		off := s.off
		s.mu.Unlock()
		for _, other := range to {
			other.mu.Lock()
			deaf := other.off
			other.mu.Unlock()
			if !off && !deaf && (out.Hub == "" || out.Hub == other.Self().ID) {
				other.Receive(out.Frame, out.Address)
			}
		}
	}
	return nil
}

func (s *station) Apply(c *cluster.Command) {
	s.mu.Lock()
	s.applied = append(s.applied, c)
	f := s.apply
	s.mu.Unlock()
	if f != nil {
		f(c)
	}
}

func (s *station) Answer(q *cluster.Question, r cluster.Responder) {
	s.mu.Lock()
	f := s.answer
	s.mu.Unlock()
	if f == nil {
		r.Answer(&cluster.Answer{Count: 1})
		return
	}
	f(q, r)
}

func (s *station) Concerns(string, string) bool { return !s.notThere }

func (s *station) MembersChanged() { s.note(func() { s.changes++ }) }

func (s *station) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *station) cut(off bool) { s.note(func() { s.off = off }) }

// join adds a hub, which is up at once.
func (a *air) join(t *testing.T, id string, change func(*cluster.Settings)) *station {
	t.Helper()
	s := &station{air: a, drops: map[string]int{}, refused: map[string]int{}}
	settings := cluster.Settings{Logger: slog.New(slog.DiscardHandler), Trace: &cluster.Trace{
		Dropped:         func(why string) { s.note(func() { s.drops[why]++ }) },
		NotSent:         func(why string) { s.note(func() { s.refused[why]++ }) },
		QuestionRefused: func(side string) { s.note(func() { s.refused[side]++ }) },
		Lost:            func(n int) { s.note(func() { s.lost += n }) },
		Panic:           func(any) { s.note(func() { s.panics++ }) },
	}}
	if change != nil {
		change(&settings)
	}
	m, err := New("air", settings, s)
	if err != nil {
		t.Fatal(err)
	}
	s.Mesh = m
	if err := s.Open(cluster.Self{ID: id, Control: id + ":7400"}, s); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	a.stations = append(a.stations, s)
	a.mu.Unlock()
	s.Up()
	return s
}

func (s *station) close(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

func ids(members []cluster.Member) (list []string) {
	for _, m := range members {
		list = append(list, m.ID)
	}
	return list
}

const (
	one   = "0000000000000001"
	two   = "0000000000000002"
	three = "0000000000000003"
)

// trio is three hubs that know each other. The test runs in virtual time.
func trio(t *testing.T, test func(t *testing.T, a, b, c *station)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		air := &air{max: 1 << 20}
		a, b, c := air.join(t, one, nil), air.join(t, two, nil), air.join(t, three, nil)
		synctest.Wait()
		defer func() { a.close(t); b.close(t); c.close(t) }()
		test(t, a, b, c)
	})
}

// asked is what came of a question.
type outcome struct {
	mu      sync.Mutex // guards the fields below
	answers []*cluster.Answer
	missing []string
	done    int
	took    time.Duration
}

func (s *station) ask(q *cluster.Question) *outcome {
	o, start := &outcome{}, time.Now()
	s.Ask(q, o.asking(start))
	return o
}

func (o *outcome) asking(start time.Time) cluster.Asking {
	return cluster.Asking{
		Answer: func(a *cluster.Answer) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.answers = append(o.answers, a)
		},
		Done: func(missing []string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.missing, o.took = missing, time.Since(start)
			o.done++
		},
	}
}

// counts are how often it was done, and how many answers have come.
func (o *outcome) counts() [2]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return [2]int{o.done, len(o.answers)}
}

func (o *outcome) want(t *testing.T, answers int, took time.Duration, missing ...string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done != 1 || len(o.answers) != answers || o.took != took || !reflect.DeepEqual(o.missing, missing) {
		t.Errorf("done %d times with %d answers after %v, missing %v; want %d after %v, missing %v",
			o.done, len(o.answers), o.took, o.missing, answers, took, missing)
	}
}

func TestMesh_NewcomersAreKnownAtOnce(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		if got := ids(a.Members()); !reflect.DeepEqual(got, []string{two, three}) {
			t.Error(got)
		}
		if got := c.Members(); len(got) != 2 || got[0].Control != one+":7400" {
			t.Error(got)
		}
		if a.Status().Settled {
			t.Error("settled at once")
		}
		virtualtime.Pass(10 * time.Second)
		if s := a.Status(); !s.Settled || s.Lag == 0 || !s.Connected {
			t.Errorf("%+v", s)
		}
	})
}

func TestMesh_SilentThenLost(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		virtualtime.Pass(20 * time.Second)
		b.cut(true)
		virtualtime.Pass(1500 * time.Millisecond)
		if got := a.Members(); len(got) != 2 || !got[0].Silent || got[1].Silent {
			t.Errorf("%+v", got)
		}
		o := a.ask(&cluster.Question{Kind: cluster.Count})
		synctest.Wait()
		o.want(t, 1, 0, two)
		virtualtime.Pass(9 * time.Second)
		if got := ids(a.Members()); !reflect.DeepEqual(got, []string{three}) {
			t.Error(got)
		}
		b.cut(false)
		virtualtime.Pass(time.Second)
		if got := a.Members(); len(got) != 2 || got[0].Silent {
			t.Errorf("%+v", got)
		}
	})
}

// An engine that says nothing any more is not noticed at once: nobody is lost for it, and not for one expiry after it.
func TestMesh_NobodyIsLostWithASilentEngine(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		virtualtime.Pass(20 * time.Second)
		for _, s := range []*station{a, b, c} {
			s.cut(true)
		}
		virtualtime.Pass(20 * time.Second)
		if s := a.Status(); !s.Connected || s.Settled {
			t.Errorf("%+v", s)
		}
		a.cut(false)
		virtualtime.Pass(9 * time.Second)
		if got := a.Members(); len(got) != 2 || !got[0].Silent || !got[1].Silent || a.Status().Settled {
			t.Errorf("%+v, %+v", got, a.Status())
		}
		b.cut(false)
		virtualtime.Pass(3 * time.Second)
		if got := ids(a.Members()); !reflect.DeepEqual(got, []string{two}) || !a.Status().Settled {
			t.Error(got)
		}
		if got := ids(b.Members()); !reflect.DeepEqual(got, []string{one, three}) {
			t.Error(got)
		}
	})
}

// Whoever connects anew has not heard of what it was asked while it was away, however short that was.
func TestMesh_WhoBeginsToHearIsNotWaitedFor(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		virtualtime.Pass(20 * time.Second)
		b.answer = func(_ *cluster.Question, r cluster.Responder) {
			r.Answer(&cluster.Answer{More: true})
			time.AfterFunc(2*time.Second, func() { r.Answer(&cluster.Answer{}) })
		}
		heard := a.ask(&cluster.Question{Kind: cluster.Count})
		synctest.Wait()
		b.cut(true)
		lost := a.ask(&cluster.Question{Kind: cluster.Count})
		synctest.Wait()
		b.cut(false)
		b.Down()
		b.Up()
		synctest.Wait()
		lost.want(t, 1, 0, two)
		virtualtime.Pass(2 * time.Second)
		heard.want(t, 3, 2*time.Second)
	})
}

// A process that stood still finds that nothing was heard of anybody.
func TestMembers_NobodyIsLostForOurOwnPause(t *testing.T) {
	now := time.Now()
	m := NewMembers(10 * time.Second)
	m.Connected(true, now)
	m.Present(two, 1, &wire.Presence{}, now)
	for range 40 {
		now = now.Add(500 * time.Millisecond)
		m.Proved(now)
		m.Heard(two, now)
	}
	now = now.Add(time.Minute) // SIGSTOP, SIGCONT
	if silent, lost := m.Sweep(now); len(silent) != 1 || len(lost) != 0 {
		t.Errorf("silent %v, lost %v", silent, lost)
	}
	m.Proved(now)
	if _, lost := m.Sweep(now.Add(9 * time.Second)); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
}

// What came while this process stood still is read a moment later: nobody was silent for that.
func TestMembers_NobodyIsSilentForOurOwnPause(t *testing.T) {
	now := time.Now()
	m := NewMembers(10 * time.Second)
	m.Connected(true, now)
	m.Present(two, 1, &wire.Presence{}, now)
	now = now.Add(3 * time.Second)
	m.Forgive(3*time.Second-beatEvery, now)
	if silent, _ := m.Sweep(now); len(silent) != 0 {
		t.Errorf("silent: %v", silent)
	}
	if silent, _ := m.Sweep(now.Add(silentAfter)); len(silent) != 1 {
		t.Error("a pause is forgiven for ever")
	}
	m.Forgive(time.Hour, now)
	if silent, _ := m.Sweep(now.Add(2 * silentAfter)); len(silent) != 0 {
		t.Errorf("told twice: %v", silent)
	}
}

func TestAddressOf_WhoHasToHear(t *testing.T) {
	room := func(r ...string) *cluster.Command {
		return &cluster.Command{Namespace: "/", Target: cluster.Target{Rooms: r}, Message: &cluster.Message{}}
	}
	everybody, namespace := Address{}, Address{Namespace: "/"}
	for n, test := range []struct {
		c    *cluster.Command
		want Address
	}{
		{room("a"), Address{Namespace: "/", Room: "a"}},
		{room("a", "b"), namespace},
		{room("twenty-characters-aa"), namespace},             // may be a socket's
		{room("/chat#twenty-characters-aa-and-6"), namespace}, // of an old client
		{&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: &cluster.Message{}}, namespace},
		{&cluster.Command{Namespace: "/", Target: cluster.Target{Rooms: []string{"a"}, Users: []string{"u"}}, Join: []string{"b"}}, namespace},
		{&cluster.Command{Namespace: "/org/*", Target: cluster.Target{All: true}, Message: &cluster.Message{}}, everybody},
		{&cluster.Command{Signal: []byte{1}}, everybody},
	} {
		if got := AddressOf(test.c); got != test.want {
			t.Errorf("%d: %+v, want %+v", n, got, test.want)
		}
	}
}
