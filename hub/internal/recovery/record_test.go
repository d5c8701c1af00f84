package recovery

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/rooms"
)

func shared(hub string) Config {
	c := small()
	c.LogBytes, c.Hub = 1<<20, hub
	return c
}

// A session leaves a hub, which ends. What it has missed is found in the engine's log alone: in the order of its hub, with
// the rooms that it was in, whatever others said in between, and what was said late.
func TestRetrace_FindsWhatAHubWouldHave(t *testing.T) {
	names := []string{"a", "b", "c"}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := New(shared("one"))
		l := s.Logs.New(cluster.Position{})
		one := s.Open("/", "id", "ann")
		live := rooms.New(rooms.Watch{})
		live.Add(one)
		var log, late []*cluster.Command
		post := func(c *cluster.Command) *cluster.Command {
			c.Origin.At = cluster.Position{Major: 5, Minor: uint64(len(log) + 1)}
			log = append(log, c)
			return c
		}
		one.Trail.Join(l.Head())
		some := func() (few []string) {
			for range r.IntN(3) {
				few = append(few, names[r.IntN(len(names))])
			}
			return few
		}
		var got []string // the texts, with offsets
		var offsets []string
		const steps = 120
		leaves := r.IntN(steps)
		for step := range steps {
			if step == leaves {
				one.Trail.Leave(l.Head())
			}
			if step < leaves && r.IntN(6) == 0 {
				join, leave := some(), some()
				one.Trail.Moved(l.Head(), live.Join(one, join...), live.Leave(one, leave...))
				continue
			}
			to := cluster.Target{Rooms: some(), ExceptRooms: some(), All: r.IntN(5) == 0}
			m := cluster.Message{Event: fmt.Sprint(step), Args: []byte("[]")}
			c := &cluster.Command{Namespace: "/", Target: to, Message: &m}
			var mark Mark
			switch r.IntN(3) {
			case 0: // another hub
				c.Origin.Hub, c.Origin.Number = "two", uint64(step)+1
				mark = Mark{Of: post(c).Origin.At, Hub: "two", Number: c.Origin.Number, Foreign: true}
			case 1: // here, and told to others
			case 2: // here alone
				c.KeepOnly = true
			}
			if step >= leaves && !mark.Foreign {
				continue // it has ended
			}
			at := l.Next(mark)
			l.Append(NewEntry(to, m), mark, at)
			if !mark.Foreign {
				c.Origin = cluster.Origin{Hub: "one", Number: at.Place.Own, After: at.Place.Of}
				if c.KeepOnly {
					late = append(late, c)
				} else {
					post(c)
				}
			}
			if len(live.Select(to, nil)) > 0 {
				got, offsets = append(got, m.Event), append(offsets, string(s.Logs.AppendOffset(nil, at)))
				if step < leaves {
					one.Trail.Sent(at)
				}
			}
		}
		for _, c := range late {
			post(c)
		}
		record, err := DecodeRecord(s.Record(one, live.Rooms(one)).Encode())
		if err != nil {
			t.Fatal(err)
		}
		claim, rest := Claim{}, got
		if n := r.IntN(len(got) + 1); n > 0 {
			if _, _, place, _ := parseOffset(offsets[n-1]); one.Trail.left.Place.Has(*place) {
				claim, rest = Claim{Offset: offsets[n-1], Named: true}, got[n:]
			}
		}
		from, _, err := record.Start(claim)
		if err != nil {
			if !errors.Is(err, ErrMoved) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			continue
		}
		trace := NewRetrace(record, from, 1<<20)
		for _, c := range log {
			if from.Of.Before(c.Origin.At) && !trace.Add(c) {
				t.Fatal("too much")
			}
		}
		found := trace.End(func(*cluster.Command) bool { return false }, func(args []byte, _ string) []byte { return args })
		var missed []string
		for _, item := range found.Items {
			missed = append(missed, item.Message.Event)
		}
		if !slices.Equal(missed, rest) {
			t.Fatalf("seed %d: missed %v, want %v; from %+v", seed, missed, rest, from)
		}
	}
}

// What was done to a session after its hub had let go of it is told, and what it is sent then is for the rooms that it is in
// by that.
func TestRetrace_FollowsWhatWasDoneMeanwhile(t *testing.T) {
	record := &Record{ID: "id", Namespace: "/", Hub: "one", Left: Place{Of: cluster.Position{Minor: 5}, Own: 9}, Rooms: []string{"a"}}
	at := func(n uint64, c cluster.Command) *cluster.Command {
		c.Origin.Hub, c.Origin.At = "two", cluster.Position{Minor: n}
		return &c
	}
	say := func(room string) cluster.Command {
		return cluster.Command{Target: cluster.Target{Rooms: []string{room}}, Message: &cluster.Message{Event: room}}
	}
	trace := NewRetrace(record, record.Left, 1<<20)
	for _, c := range []*cluster.Command{
		at(5, say("a")), // before
		at(6, say("b")),
		at(7, cluster.Command{Target: cluster.Target{Rooms: []string{"a"}}, Join: []string{"b"}}),
		at(8, say("b")),
		at(9, cluster.Command{Target: cluster.Target{Sockets: []string{"id"}}, Leave: []string{"a"}}),
		at(10, say("a")),
		at(11, cluster.Command{Target: cluster.Target{Rooms: []string{"c"}}, Disconnect: &cluster.Disconnect{}}),
		at(12, cluster.Command{Signal: []byte("x")}),
	} {
		trace.Add(c)
	}
	found := trace.End(func(*cluster.Command) bool { return false }, func(args []byte, _ string) []byte { return args })
	if len(found.Items) != 1 || found.Items[0].Message.Event != "b" || found.Items[0].Offset == "" {
		t.Errorf("items %+v", found.Items)
	}
	if len(found.Commands) != 2 || found.Commands[0].Join == nil || found.Commands[1].Leave == nil {
		t.Errorf("commands %+v", found.Commands)
	}
}

func TestRetrace_TakesNoMoreThanItMay(t *testing.T) {
	trace := NewRetrace(&Record{ID: "id", Hub: "one"}, Place{}, 100_000)
	c := &cluster.Command{Target: cluster.Target{All: true}, Message: &cluster.Message{Args: make([]byte, 1000)}}
	c.Origin.At = cluster.Position{Minor: 1}
	n := 0
	for trace.Add(c) {
		if n++; n > 1000 {
			t.Fatal("it takes everything")
		}
	}
	other := &cluster.Command{Target: cluster.Target{Rooms: []string{"of others"}}, Message: c.Message, Origin: c.Origin}
	trace = NewRetrace(&Record{ID: "id", Hub: "one"}, Place{}, 100_000)
	for range 1000 {
		if !trace.Add(other) {
			t.Fatal("what is for others counts")
		}
	}
}

// A session of a Node server is found by the offset that Node has given.
func TestRecord_OfANodeServer(t *testing.T) {
	r := ForeignRecord("aaaaaaaaaaaaaaaaaaaa", "/", &cluster.Socket{ID: "id", Rooms: []string{"a"}})
	from, _, err := r.Start(Claim{Offset: "1700000000000-3", Named: true})
	if want := (Place{Of: cluster.Position{Major: 1700000000000, Minor: 3}}); err != nil || from != want {
		t.Fatalf("from %+v, %v", from, err)
	}
	trace := NewRetrace(r, from, 1<<20)
	for n := range uint64(3) {
		trace.Add(&cluster.Command{
			Target: cluster.Target{Rooms: []string{"a"}}, Message: &cluster.Message{Event: "x", Args: []byte("[]")},
			Origin: cluster.Origin{At: cluster.Position{Major: 1700000000000, Minor: 2 + n}},
		})
	}
	found := trace.End(func(*cluster.Command) bool { return false }, func(args []byte, _ string) []byte { return args })
	if len(found.Items) != 1 || found.Items[0].Offset != "1700000000000-4" {
		t.Errorf("found %+v", found.Items)
	}
	for _, offset := range []string{"", "1", "x-1", "1-x", "aaaaaaaa.1"} {
		if _, _, err := r.Start(Claim{Offset: offset, Named: true}); !errors.Is(err, ErrOffset) {
			t.Errorf("%q: %v", offset, err)
		}
	}
}

// What browsers name as an offset, and engines hold for a session, may be anything.
func FuzzDecodeRecord(f *testing.F) {
	s := New(shared("one"))
	l := s.Logs.New(cluster.Position{Major: 1})
	one := s.Open("/", "id", "ann")
	one.Trail.Join(l.Head())
	one.Trail.Moved(l.Head(), []string{"a"}, []string{"b"})
	one.Bring(&Carriage{Since: "x", Named: true, Items: []Carried{{Offset: "y", Message: cluster.Message{Event: "e"}}}})
	f.Add(s.Record(one, []string{"a"}).Encode(), string(s.Logs.AppendOffset(nil, l.Head())))
	f.Add([]byte("{}"), "1-1")
	f.Add([]byte("\x81\xa1c\xdd\xff\xff\xb8\xd2"), "") // four thousand million changes of rooms
	f.Add([]byte(`{"p":"aaaaaaaaaaaaaaaaaaaaaaaa","i":"id","n":"/","c":[{}],"m":{"Items":[{}]},"z":{"n":{"":1}}}`), "aaaaaaaa.1.1-1.1")
	f.Fuzz(func(_ *testing.T, b []byte, offset string) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		from, _, err := r.Start(Claim{PID: r.PID, Offset: offset, Named: offset != ""})
		if err != nil {
			return
		}
		trace := NewRetrace(r, from, 1<<16)
		trace.Add(&cluster.Command{Target: cluster.Target{All: true}, Message: &cluster.Message{Event: "x", Args: []byte("[]")}, Origin: cluster.Origin{Hub: r.Hub, Number: 7}})
		trace.End(func(*cluster.Command) bool { return false }, func(args []byte, _ string) []byte { return args })
	})
}

// A Node server's private id is one only with an offset of Node's: programs have their own use for the member `pid`.
func TestSplit_OfANodeServer(t *testing.T) {
	pid := "aaaaaaaaaaaaaaaaaaaa"
	for auth, want := range map[string]bool{
		`{"pid":"` + pid + `","offset":"1700000000000-3"}`: true,
		`{"pid":"` + pid + `","offset":"x"}`:               false,
		`{"pid":"` + pid + `"}`:                            false,
	} {
		c, rest, ok := Split([]byte(auth), true)
		if ok != want || ok && (c.PID != pid || rest != nil) || !ok && string(rest) != auth {
			t.Errorf("%s: %v, %+v, %s", auth, ok, c, rest)
		}
		if _, _, ok := Split([]byte(auth), false); ok {
			t.Errorf("%s is taken where no Node server is", auth)
		}
	}
}
