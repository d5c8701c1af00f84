package adapter

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

type testMember string

func (m *testMember) ID() string { return string(*m) }

// User is the user of every member whose id says so: "u1:3" belongs to u1.
func (m *testMember) User() string {
	user, _, ok := strings.Cut(string(*m), ":")
	if !ok {
		return ""
	}
	return user
}

func newMemory() *Memory { return NewMemory("/", nil).(*Memory) }

func newMember(id string) *testMember { m := testMember(id); return &m }

func ids(members []Member) []string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = m.ID()
	}
	sort.Strings(list)
	return list
}

func TestMemory_PicksTheUnionOfRoomsLessTheExceptions(t *testing.T) {
	m := newMemory()
	a, b, c := newMember("a"), newMember("b"), newMember("c")
	for _, member := range []Member{a, b, c} {
		m.Add(member)
	}
	m.Join(a, "1", "2")
	m.Join(b, "2", "3", "2")
	m.Join(c, "a") // a room that has the name of a member
	for _, row := range []struct {
		target Target
		want   []string
	}{
		{Target{}, nil},
		{Target{All: true}, []string{"a", "b", "c"}},
		{Target{All: true, ExceptRooms: []string{"b"}}, []string{"a", "c"}},
		{Target{All: true, ExceptRooms: []string{"2", "none"}}, []string{"c"}},
		{Target{Rooms: []string{"2"}}, []string{"a", "b"}},
		{Target{Rooms: []string{"1", "2", "3"}}, []string{"a", "b"}},
		{Target{Rooms: []string{"2", "b"}, ExceptRooms: []string{"1"}}, []string{"b"}},
		{Target{Rooms: []string{"a"}}, []string{"a", "c"}},
		{Target{Rooms: []string{"none"}}, nil},
	} {
		got := ids(m.Select(row.target, nil))
		if !slices.Equal(got, row.want) && len(got)+len(row.want) > 0 {
			t.Errorf("%+v: got %v, want %v", row.target, got, row.want)
		}
		if n := m.Count(row.target); n != len(row.want) {
			t.Errorf("%+v: counted %d", row.target, n)
		}
	}
}

func TestMemory_AppendsToWhatIsInTheBuffer(t *testing.T) {
	m := newMemory()
	a, b := newMember("a"), newMember("b")
	m.Add(a)
	m.Add(b)
	got := m.Select(Target{Rooms: []string{"a", "b"}, ExceptRooms: []string{"a"}}, []Member{a})
	if len(got) != 2 || got[0] != Member(a) || got[1] != Member(b) {
		t.Fatalf("%v", ids(got))
	}
}

func TestMemory_ForgetsEmptyRooms(t *testing.T) {
	m := newMemory()
	a := newMember("a")
	m.Add(a)
	for i := range 1000 {
		m.Join(a, fmt.Sprint("room", i))
	}
	m.Leave(a, "room1", "none")
	if left := m.Remove(a); len(left) != 999 {
		t.Fatalf("left %d rooms", len(left))
	}
	if again := m.Remove(a); again != nil {
		t.Fatalf("left again: %v", again)
	}
	m.Join(a, "late")
	if sizes := m.RoomSizes(""); len(sizes) != 0 {
		t.Fatalf("rooms left: %v", sizes)
	}
	for i := range m.members {
		if m.rooms.shards[i].byName != nil || m.members[i].byID != nil {
			t.Fatal("a map of an empty shard is kept")
		}
	}
}

// model is the adapter as one would write it without a thought for speed.
type model struct {
	members map[string]*testMember
	rooms   map[string]map[string]bool // by member
}

func (m *model) selected(t Target) []string {
	var picked []string
	for id := range m.members {
		in := func(name string) bool { return name == id || m.rooms[id][name] }
		if (t.All || slices.ContainsFunc(t.Rooms, in)) && !slices.ContainsFunc(t.ExceptRooms, in) {
			picked = append(picked, id)
		}
	}
	sort.Strings(picked)
	return picked
}

func TestMemory_BehavesAsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		model := &model{members: map[string]*testMember{}, rooms: map[string]map[string]bool{}}
		id := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("m", rapid.IntRange(0, 60).Draw(t, "member")) })
		room := rapid.Custom(func(t *rapid.T) string {
			if rapid.IntRange(0, 4).Draw(t, "own") == 0 {
				return id.Draw(t, "id")
			}
			return fmt.Sprint("r", rapid.IntRange(0, 5).Draw(t, "room"))
		})
		some := rapid.SliceOfN(room, 0, 4)
		member := func(t *rapid.T) *testMember {
			name := id.Draw(t, "id")
			if known := model.members[name]; known != nil {
				return known
			}
			return newMember(name)
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				one := member(t)
				m.Add(one)
				if model.members[one.ID()] == nil {
					model.members[one.ID()], model.rooms[one.ID()] = one, map[string]bool{}
				}
			},
			"addAll": func(t *rapid.T) {
				for i := range 61 {
					one := newMember(fmt.Sprint("m", i))
					if model.members[one.ID()] == nil {
						m.Add(one)
						model.members[one.ID()], model.rooms[one.ID()] = one, map[string]bool{}
					}
					m.Join(model.members[one.ID()], "r0")
					model.rooms[one.ID()]["r0"] = true
				}
			},
			"remove": func(t *rapid.T) {
				one := member(t)
				left := m.Remove(one)
				if len(left) != len(model.rooms[one.ID()]) {
					t.Fatalf("%s left %v, not %v", one.ID(), left, model.rooms[one.ID()])
				}
				delete(model.members, one.ID())
				delete(model.rooms, one.ID())
			},
			"join": func(t *rapid.T) {
				one, rooms := member(t), some.Draw(t, "rooms")
				m.Join(one, rooms...)
				for _, name := range rooms {
					if model.rooms[one.ID()] != nil && name != one.ID() {
						model.rooms[one.ID()][name] = true
					}
				}
			},
			"leave": func(t *rapid.T) {
				one, rooms := member(t), some.Draw(t, "rooms")
				m.Leave(one, rooms...)
				for _, name := range rooms {
					delete(model.rooms[one.ID()], name)
				}
			},
			"": func(t *rapid.T) {
				target := Target{All: rapid.Bool().Draw(t, "all"), ExceptRooms: some.Draw(t, "except")}
				if !target.All {
					target.Rooms = some.Draw(t, "rooms")
				}
				got, want := ids(m.Select(target, nil)), model.selected(target)
				if len(got) != len(want) || !slices.Equal(got, want) && len(got) > 0 {
					t.Fatalf("%+v: got %v, want %v", target, got, want)
				}
				count := map[string]int{}
				for _, rooms := range model.rooms {
					for name := range rooms {
						count[name]++
					}
				}
				for name := range count {
					if model.members[name] != nil {
						count[name]++ // the owner of that name is in it
					}
				}
				sizes := m.RoomSizes("")
				for _, size := range sizes {
					if count[size.Name] != size.Members {
						t.Fatalf("room %s has %d members, not %d", size.Name, size.Members, count[size.Name])
					}
				}
				if len(sizes) != len(count) {
					t.Fatalf("%d rooms, not %d", len(sizes), len(count))
				}
			},
		})
	})
}

func TestMemory_StaysWholeUnderConcurrentUse(t *testing.T) {
	m := newMemory()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				one := newMember(fmt.Sprintf("%d-%d", w, i))
				m.Add(one)
				m.Join(one, "all", fmt.Sprint("room", i%7))
				m.Select(Target{Rooms: []string{"all", "room1"}, ExceptRooms: []string{one.ID()}}, nil)
				m.Leave(one, "all")
				m.Count(Target{All: true})
				m.Remove(one)
			}
		})
	}
	wg.Wait()
	if n := m.Count(Target{All: true}); n != 0 || len(m.RoomSizes("")) != 0 {
		t.Fatalf("%d members, rooms %v left", n, m.RoomSizes(""))
	}
}

func BenchmarkMemory_Select(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		m := newMemory()
		for i := range n {
			one := newMember(fmt.Sprint("member", i))
			m.Add(one)
			m.Join(one, "room", fmt.Sprint("other", i%3))
		}
		for name, target := range map[string]Target{
			"all": {All: true}, "room": {Rooms: []string{"room"}}, "but-one": {All: true, ExceptRooms: []string{"member0"}},
			"union": {Rooms: []string{"other0", "other1", "other2"}},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var buf []Member
				b.ReportAllocs()
				for b.Loop() {
					buf = m.Select(target, buf[:0])
				}
			})
		}
	}
}

func BenchmarkMemory_JoinLeave(b *testing.B) {
	m := newMemory()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		one := newMember(fmt.Sprintf("%p", p))
		m.Add(one)
		for p.Next() {
			m.Join(one, "room")
			m.Leave(one, "room")
		}
	})
}
