package observe_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/siohub/siohub/controlplane/internal/observe"
)

func TestRing_EachEntryIsTakenOrInOneGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r observe.Ring[int]
		limit := observe.Limit{Items: rapid.IntRange(0, 20).Draw(t, "items"), Bytes: rapid.IntRange(0, 200).Draw(t, "bytes")}
		r.Limit(limit)
		put, next := 0, 0 // next is the entry that has to come when nothing is left out
		account := func(value int, gap uint64) {
			if value != next+int(gap) {
				t.Fatalf("entry %d with a gap of %d after %d", value, gap, next)
			}
			next = value + 1
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				r.Put(put, rapid.IntRange(0, 100).Draw(t, "size"))
				put++
			},
			"take": func(t *rapid.T) {
				if value, gap, ok := r.Take(); ok {
					account(value, gap)
				}
			},
			"miss": func(t *rapid.T) {
				if _, gap, ok := r.Take(); ok {
					r.Miss(gap + 1)
				}
			},
			"trailing": func(t *rapid.T) { next += int(r.Trailing()) },
			"limit": func(t *rapid.T) {
				limit = observe.Limit{Items: rapid.IntRange(0, 20).Draw(t, "items"), Bytes: rapid.IntRange(0, 200).Draw(t, "bytes")}
				r.Limit(limit)
			},
			"": func(t *rapid.T) {
				if r.Len() > 1 && (r.Len() > limit.Items || r.Bytes() > limit.Bytes) {
					t.Fatalf("%d entries of %d bytes, limit %v", r.Len(), r.Bytes(), limit)
				}
			},
		})
		for value, gap, ok := r.Take(); ok; value, gap, ok = r.Take() {
			account(value, gap)
		}
		if next += int(r.Trailing()); next != put || r.Bytes() != 0 {
			t.Fatalf("%d of %d accounted for, %d bytes left", next, put, r.Bytes())
		}
	})
}

func TestRing_PutAllocatesNothingOnceFull(t *testing.T) {
	var r observe.Ring[*int]
	r.Limit(observe.Limit{Items: 64, Bytes: 1 << 20})
	for range 128 {
		r.Put(nil, 1)
	}
	if n := testing.AllocsPerRun(100, func() { r.Put(nil, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type subject struct {
	id, user string
	rooms    []string
}

func (s subject) ID() string           { return s.id }
func (s subject) User() string         { return s.user }
func (s subject) Rooms() []string      { return s.rooms }
func (s subject) GetSockets() []string { return one(s.id) }
func (s subject) GetUsers() []string   { return one(s.user) }
func (s subject) GetRooms() []string   { return s.rooms }

func one(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func TestFilter(t *testing.T) {
	ann := subject{"1", "ann", []string{"order:7", "lobby"}}
	for _, c := range []struct {
		name            string
		filter          observe.Filter
		subject, target bool
	}{
		{"everybody", observe.Filter{}, true, true},
		{"user", observe.Filter{Users: []string{"bob", "ann"}}, true, true},
		{"other user", observe.Filter{Users: []string{"bob"}}, false, false},
		{"socket", observe.Filter{Sockets: []string{"1"}}, true, true},
		{"room", observe.Filter{Rooms: []string{"lobby"}}, true, true},
		{"room prefix", observe.Filter{Rooms: []string{"order:*"}}, true, true},
		{"other room", observe.Filter{Rooms: []string{"order:8"}}, false, false},
		{"user but not the room", observe.Filter{Users: []string{"ann"}, Rooms: []string{"hall"}}, false, true},
	} {
		if got := c.filter.Subject(ann); got != c.subject {
			t.Errorf("%s: subject %v", c.name, got)
		}
		if got := c.filter.Target(ann); got != c.target {
			t.Errorf("%s: target %v", c.name, got)
		}
	}
	rooms := observe.Filter{Rooms: []string{"lobby"}}
	if rooms.Target(subject{}) {
		t.Error("an emit to everybody is none to the room")
	}
	events := observe.Filter{Events: []string{"chat:*", "ping"}}
	if !events.Event("chat:new") || !events.Event("ping") || events.Event("pong") {
		t.Error("events")
	}
}

func TestSampler_PicksOneInSoMany(t *testing.T) {
	for _, every := range []uint32{0, 1, 2, 10} {
		var s observe.Sampler
		n := 0
		for range 100 {
			if s.Pick(every) {
				n++
			}
		}
		if n != 100/int(max(every, 1)) {
			t.Errorf("%d of 100 at one in %d", n, every)
		}
	}
}

func TestScore_SpreadsAndMovesOnlyWhatHasTo(t *testing.T) {
	instances := []uint64{observe.Hash("a"), observe.Hash("b"), observe.Hash("c")}
	best := func(key uint64, of []uint64) (at int) {
		for i := range of {
			if observe.Score(key, of[i]) > observe.Score(key, of[at]) {
				at = i
			}
		}
		return at
	}
	var count [3]int
	for i := range 3000 {
		key := observe.Hash(fmt.Sprint("socket", i))
		at := best(key, instances)
		count[at]++
		if without := best(key, instances[:2]); at < 2 && without != at {
			t.Fatal("a key moved although its instance stayed")
		}
	}
	for _, n := range count {
		if n < 800 || n > 1200 {
			t.Errorf("spread %v", count)
		}
	}
}

func TestAlarms_EachKeyIsDueOnce(t *testing.T) {
	var a observe.Alarms[string]
	start := time.Now()
	a.Set("a", start.Add(3*time.Second))
	a.Set("b", start.Add(time.Second))
	a.Set("c", start.Add(2*time.Second))
	a.Set("a", start.Add(time.Second/2))
	a.Remove("c")
	a.Remove("c")
	var due []string
	for key, ok := a.Due(start.Add(time.Minute)); ok; key, ok = a.Due(start.Add(time.Minute)) {
		due = append(due, key)
	}
	if !slices.Equal(due, []string{"a", "b"}) {
		t.Error(due)
	}
	a.Set("d", start)
	if _, ok := a.Due(start.Add(-1)); ok {
		t.Error("too early")
	}
}
