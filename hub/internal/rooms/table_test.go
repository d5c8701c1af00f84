package rooms

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/siohub/siohub/hub/cluster"
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

func newTable() *Table { return New(Watch{}) }

// nth is the id of one of many members, which belong to three users.
func nth(i int) string { return fmt.Sprintf("u%d:%d", i%3, i) }

func newMember(id string) *testMember { m := testMember(id); return &m }

func ids(members []Member) []string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = m.ID()
	}
	sort.Strings(list)
	return list
}

func TestTable_PicksTheUnionOfRoomsLessTheExceptions(t *testing.T) {
	m := newTable()
	a, b, c := newMember("a"), newMember("b"), newMember("c")
	for _, member := range []Member{a, b, c} {
		m.Add(member)
	}
	m.Join(a, "1", "2")
	m.Join(b, "2", "3", "2")
	m.Join(c, "a") // a room that has the name of a member
	for _, row := range []struct {
		target cluster.Target
		want   []string
	}{
		{cluster.Target{}, nil},
		{cluster.Target{All: true}, []string{"a", "b", "c"}},
		{cluster.Target{All: true, ExceptRooms: []string{"b"}}, []string{"a", "c"}},
		{cluster.Target{All: true, ExceptRooms: []string{"2", "none"}}, []string{"c"}},
		{cluster.Target{Rooms: []string{"2"}}, []string{"a", "b"}},
		{cluster.Target{Rooms: []string{"1", "2", "3"}}, []string{"a", "b"}},
		{cluster.Target{Rooms: []string{"2", "b"}, ExceptRooms: []string{"1"}}, []string{"b"}},
		{cluster.Target{Rooms: []string{"a"}}, []string{"a", "c"}},
		{cluster.Target{Rooms: []string{"none"}}, nil},
		{cluster.Target{Sockets: []string{"a"}}, []string{"a"}}, // and nobody who joined a room of that name
		{cluster.Target{Sockets: []string{"a", "a", "b", "1"}}, []string{"a", "b"}},
		{cluster.Target{All: true, ExceptSockets: []string{"a"}}, []string{"b", "c"}},
		{cluster.Target{All: true, ExceptRooms: []string{"a"}}, []string{"b"}},
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

func TestTable_AppendsToWhatIsInTheBuffer(t *testing.T) {
	m := newTable()
	a, b := newMember("a"), newMember("b")
	m.Add(a)
	m.Add(b)
	got := m.Select(cluster.Target{Rooms: []string{"a", "b"}, ExceptRooms: []string{"a"}}, []Member{a})
	if len(got) != 2 || got[0] != Member(a) || got[1] != Member(b) {
		t.Fatalf("%v", ids(got))
	}
}

func TestTable_ForgetsEmptyRooms(t *testing.T) {
	m := newTable()
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

func TestTable_UsersAreNoRooms(t *testing.T) {
	m := newTable()
	one, two, other := newMember("ann:1"), newMember("ann:2"), newMember("b")
	for _, member := range []Member{one, two, other} {
		m.Add(member)
	}
	m.Join(other, "ann", "user:ann")
	for _, row := range []struct {
		target cluster.Target
		want   []string
	}{
		{cluster.Target{Users: []string{"ann", "ann", "none", ""}}, []string{"ann:1", "ann:2"}},
		{cluster.Target{Rooms: []string{"ann"}}, []string{"b"}},
		{cluster.Target{Users: []string{"ann"}, Rooms: []string{"ann"}, Sockets: []string{"ann:1"}}, []string{"ann:1", "ann:2", "b"}},
		{cluster.Target{All: true, ExceptUsers: []string{"ann"}}, []string{"b"}},
	} {
		if got := ids(m.Select(row.target, nil)); !slices.Equal(got, row.want) {
			t.Errorf("%+v: got %v, want %v", row.target, got, row.want)
		}
	}
	if rooms := m.Rooms(one); len(rooms) != 0 {
		t.Errorf("rooms of a user's socket: %v", rooms)
	}
	if sizes := fmt.Sprint(m.UserSizes("a")); sizes != "[{ann 2}]" || len(m.UserSizes("b")) != 0 || m.UserCount() != 1 {
		t.Errorf("users %s, %d", sizes, m.UserCount())
	}
}

// As in Socket.IO a socket's own room has others when they join it, and the socket counts; it is no room that is listed.
func TestTable_OwnRoomIsNeverListed(t *testing.T) {
	m := newTable()
	owner, guest := newMember("owner"), newMember("guest")
	m.Add(owner)
	m.Add(guest)
	if joined := m.Join(owner, "owner"); len(joined) != 0 || len(m.Rooms(owner)) != 0 || len(m.RoomSizes("")) != 0 {
		t.Errorf("joined its own room: %v", m.RoomSizes(""))
	}
	m.Join(guest, "owner")
	m.Leave(owner, "owner")
	m.Join(guest, "lobby")
	if sizes := fmt.Sprint(m.RoomSizes("")); sizes != "[{lobby 1}]" || m.Count(cluster.Target{Rooms: []string{"owner"}}) != 2 {
		t.Errorf("rooms %s, %d in the socket's own", sizes, m.Count(cluster.Target{Rooms: []string{"owner"}}))
	}
	m.Leave(guest, "owner", "lobby")
	if sizes := m.RoomSizes(""); len(sizes) != 0 {
		t.Errorf("rooms %v", sizes)
	}
}

// alternating is a watch that knows who is there, and hears of no change twice.
type alternating struct {
	t  *testing.T
	mu sync.Mutex // guards there
	// there has the names by kind.
	there map[string]bool
}

func (w *alternating) change(name string, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.there[name] == there {
		w.t.Errorf("%s: twice %v", name, there)
	}
	w.there[name] = there
}

func (w *alternating) roomOccupied(room string, occupied bool) { w.change("room "+room, occupied) }
func (w *alternating) userPresent(user string, present bool)   { w.change("user "+user, present) }

func TestTable_TellsWhoComesAndGoesInTurns(t *testing.T) {
	w := &alternating{t: t, there: map[string]bool{}}
	m := New(Watch{RoomOccupied: w.roomOccupied, UserPresent: w.userPresent})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				one := newMember(fmt.Sprintf("u%d:%d-%d", i%2, g, i))
				m.Add(one)
				m.Join(one, "a", "b", one.ID())
				m.Leave(one, "a")
				m.Remove(one)
			}
		})
	}
	wg.Wait()
	for name, there := range w.there {
		if there {
			t.Errorf("%s is still there", name)
		}
	}
	if len(w.there) != 4 { // two rooms, two users, no own room
		t.Errorf("heard of %v", w.there)
	}
}

// model is the table as one would write it without a thought for speed.
type model struct {
	members map[string]*testMember
	rooms   map[string]map[string]bool // by member
}

func (m *model) selected(t cluster.Target) []string {
	var picked []string
	for id, member := range m.members {
		in := func(sockets, rooms, users []string) bool {
			return slices.Contains(sockets, id) || slices.Contains(users, member.User()) ||
				slices.ContainsFunc(rooms, func(name string) bool { return name == id || m.rooms[id][name] })
		}
		if (t.All || in(t.Sockets, t.Rooms, t.Users)) && !in(t.ExceptSockets, t.ExceptRooms, t.ExceptUsers) {
			picked = append(picked, id)
		}
	}
	sort.Strings(picked)
	return picked
}

// sizes counts the members of rooms and users.
func (m *model) sizes() (rooms, users map[string]int) {
	rooms, users = map[string]int{}, map[string]int{}
	for id, joined := range m.rooms {
		for name := range joined {
			rooms[name]++
		}
		users[m.members[id].User()]++
	}
	for name := range rooms {
		if m.members[name] != nil {
			delete(rooms, name) // it is a member's own
		}
	}
	return rooms, users
}

func sizesOf(list []cluster.Size) map[string]int {
	sizes := map[string]int{}
	for _, size := range list {
		sizes[size.Name] = size.Sockets
	}
	return sizes
}

func TestTable_BehavesAsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newTable()
		model := &model{members: map[string]*testMember{}, rooms: map[string]map[string]bool{}}
		id := rapid.Custom(func(t *rapid.T) string { return nth(rapid.IntRange(0, 60).Draw(t, "member")) })
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
					one := newMember(nth(i))
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
				joined := m.Join(one, rooms...)
				for _, name := range rooms {
					if in := model.rooms[one.ID()]; in == nil || in[name] || name == one.ID() {
						continue
					}
					if len(joined) == 0 || joined[0] != name {
						t.Fatalf("joined %v, not %s", joined, name)
					}
					joined = joined[1:]
					if model.rooms[one.ID()] != nil && name != one.ID() {
						model.rooms[one.ID()][name] = true
					}
				}
			},
			"leave": func(t *rapid.T) {
				one, rooms := member(t), some.Draw(t, "rooms")
				left := m.Leave(one, rooms...)
				for _, name := range rooms {
					if model.rooms[one.ID()][name] {
						if len(left) == 0 || left[0] != name {
							t.Fatalf("left %v, not %s", left, name)
						}
						left = left[1:]
					}
					delete(model.rooms[one.ID()], name)
				}
			},
			"": func(t *rapid.T) {
				user := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("u", rapid.IntRange(0, 3).Draw(t, "user")) })
				ids1, users := rapid.SliceOfN(id, 0, 3), rapid.SliceOfN(user, 0, 2)
				target := cluster.Target{
					All: rapid.Bool().Draw(t, "all"), ExceptRooms: some.Draw(t, "except rooms"),
					ExceptSockets: ids1.Draw(t, "except sockets"), ExceptUsers: users.Draw(t, "except users"),
				}
				if !target.All {
					target.Rooms, target.Sockets, target.Users = some.Draw(t, "rooms"), ids1.Draw(t, "sockets"), users.Draw(t, "users")
				}
				got, want := ids(m.Select(target, nil)), model.selected(target)
				if len(got) != len(want) || !slices.Equal(got, want) && len(got) > 0 {
					t.Fatalf("%+v: got %v, want %v", target, got, want)
				}
				wantRooms, wantUsers := model.sizes()
				if got := sizesOf(m.RoomSizes("")); !maps.Equal(got, wantRooms) {
					t.Fatalf("rooms %v, not %v", got, wantRooms)
				}
				if got := sizesOf(m.UserSizes("")); !maps.Equal(got, wantUsers) || m.UserCount() != len(wantUsers) {
					t.Fatalf("users %v, not %v", got, wantUsers)
				}
			},
		})
	})
}

func TestTable_StaysWholeUnderConcurrentUse(t *testing.T) {
	m := newTable()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				one := newMember(fmt.Sprintf("%d-%d", w, i))
				m.Add(one)
				m.Join(one, "all", fmt.Sprint("room", i%7))
				m.Select(cluster.Target{Rooms: []string{"all", "room1"}, ExceptRooms: []string{one.ID()}}, nil)
				m.Leave(one, "all")
				m.Count(cluster.Target{All: true})
				m.Remove(one)
			}
		})
	}
	wg.Wait()
	if n := m.Count(cluster.Target{All: true}); n != 0 || len(m.RoomSizes("")) != 0 {
		t.Fatalf("%d members, rooms %v left", n, m.RoomSizes(""))
	}
}

func BenchmarkMemory_Select(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		m := newTable()
		for i := range n {
			one := newMember(fmt.Sprint("member", i))
			m.Add(one)
			m.Join(one, "room", fmt.Sprint("other", i%3))
		}
		for name, target := range map[string]cluster.Target{
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
	m := newTable()
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

// One command of a service may be all of this: 500 sockets join 1000 rooms, the most that one may be in.
func BenchmarkMemory_JoinMany(b *testing.B) {
	rooms := make([]string, 1000)
	for i := range rooms {
		rooms[i] = fmt.Sprint("room:", i)
	}
	members := make([]*testMember, 500)
	b.ReportAllocs()
	for b.Loop() {
		m := newTable()
		for i := range members {
			members[i] = newMember(nth(i))
			m.Add(members[i])
		}
		for _, member := range members {
			m.Join(member, rooms...)
		}
		for _, member := range members {
			m.Leave(member, rooms...)
		}
	}
}

// Many rooms at once go another way than a few; both end in the same rooms.
func TestTable_ManyRoomsAtOnceAreThoseOneByOne(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string { return fmt.Sprint("r", rapid.IntRange(0, 60).Draw(r, "room")) }), 0, 120)
		at, one := newTable(), newTable()
		a, b := newMember("a"), newMember("a")
		at.Add(a)
		one.Add(b)
		for range 4 {
			join, leave := names.Draw(r, "join"), names.Draw(r, "leave")
			joined, left := at.Join(a, join...), at.Leave(a, leave...)
			var joinedOne, leftOne []string
			for _, name := range join {
				joinedOne = append(joinedOne, one.Join(b, name)...)
			}
			for _, name := range leave {
				leftOne = append(leftOne, one.Leave(b, name)...)
			}
			if !slices.Equal(joined, joinedOne) || !slices.Equal(left, leftOne) || !slices.Equal(at.Rooms(a), one.Rooms(b)) {
				r.Fatalf("joined %q, want %q; left %q, want %q; in %q, want %q", joined, joinedOne, left, leftOne, at.Rooms(a), one.Rooms(b))
			}
		}
		for _, name := range one.Rooms(b) {
			if at.Count(cluster.Target{Rooms: []string{name}}) != 1 {
				r.Fatalf("%s is empty", name)
			}
		}
	})
}
