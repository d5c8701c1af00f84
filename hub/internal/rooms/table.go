package rooms

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// shardCount spreads rooms and members over locks, so that browsers of different rooms do not meet.
const shardCount = 16

// Table is the rooms of one namespace. All methods are safe for concurrent use; Add, Join, Leave and
// Remove are called one at a time for one member, in the order of its life: Add first, Remove last.
type Table struct {
	seed    maphash.Seed
	all     everybody
	members [shardCount]memberShard
	rooms   index
	users   index
	own     func(id string, there bool) // Watch.Own
}

// New returns a table without members.
func New(w Watch) *Table {
	t := &Table{seed: maphash.MakeSeed(), own: w.Own}
	t.rooms.seed, t.users.seed = t.seed, t.seed
	t.rooms.watch, t.users.watch = w.RoomOccupied, w.UserPresent
	return t
}

// entry is one member and its rooms.
type entry struct {
	member Member
	// position is its place in everybody; guarded by everybody.mu.
	position int

	mu sync.Mutex // guards the fields below
	// rooms holds each room once.
	rooms []string
	// gone says that the member was removed: it joins nothing any more.
	gone bool
}

type memberShard struct {
	mu sync.RWMutex // guards byID
	// byID is nil while the shard is empty.
	byID map[string]*entry
}

func (t *Table) memberShard(id string) *memberShard {
	return &t.members[maphash.String(t.seed, id)%shardCount]
}

// Has reports whether a member of this id is known.
func (t *Table) Has(id string) bool { return t.find(id) != nil }

// Occupied reports whether anybody is in a room, their own included.
func (t *Table) Occupied(room string) bool { return t.rooms.has(room) || t.find(room) != nil }

// find returns the entry of an id, or nil.
func (t *Table) find(id string) *entry {
	s := t.memberShard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id]
}

// Add makes a member known: from now on All and its id pick it.
func (t *Table) Add(member Member) {
	e := &entry{member: member}
	id := member.ID()
	s := t.memberShard(id)
	s.mu.Lock()
	if s.byID[id] != nil {
		s.mu.Unlock()
		return
	}
	if s.byID == nil {
		s.byID = make(map[string]*entry)
	}
	s.byID[id] = e
	if t.own != nil {
		t.own(id, true)
	}
	s.mu.Unlock()
	t.all.add(e)
	if user := member.User(); user != "" {
		t.users.join(user, e)
	}
}

// Remove forgets a member and takes it out of all rooms, which it returns. A second time it returns
// nothing.
func (t *Table) Remove(member Member) []string {
	id := member.ID()
	s := t.memberShard(id)
	s.mu.Lock()
	e := s.byID[id]
	delete(s.byID, id)
	if len(s.byID) == 0 {
		s.byID = nil
	}
	if e != nil && t.own != nil {
		t.own(id, false)
	}
	s.mu.Unlock()
	if e == nil {
		return nil
	}
	t.all.remove(e)
	if user := member.User(); user != "" {
		t.users.leave(user, e)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = true
	rooms := e.rooms
	e.rooms = nil
	for _, name := range rooms {
		t.rooms.leave(name, e)
	}
	return rooms
}

// Join puts a member into rooms and returns those that it was not in before, which may be the same
// slice. Its own room it can neither join nor leave; for an unknown member nothing happens.
func (t *Table) Join(member Member, rooms ...string) []string {
	id := member.ID()
	e := t.find(id)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return nil
	}
	in := e.lookFor(len(rooms))
	return only(rooms, func(name string) bool {
		if name == id || in.has(name) {
			return false
		}
		name = t.rooms.join(name, e)
		e.rooms = append(e.rooms, name)
		in.add(name)
		return true
	})
}

// Leave takes a member out of rooms and returns those that it was in, which may be the same slice. A
// room without members ceases to be.
func (t *Table) Leave(member Member, rooms ...string) []string {
	e := t.find(member.ID())
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	in := e.lookFor(len(rooms))
	left := only(rooms, func(name string) bool {
		if !in.has(name) {
			return false
		}
		in.remove(name)
		t.rooms.leave(name, e)
		return true
	})
	in.keep()
	return left
}

// only returns the names for which change, called once for each, returns true. It copies nothing when that
// is all of them, or only the first ones.
func only(names []string, change func(string) bool) []string {
	for i, name := range names {
		if change(name) {
			continue
		}
		changed := names[:i:i]
		for _, name := range names[i+1:] {
			if change(name) {
				changed = append(changed, name)
			}
		}
		return changed
	}
	return names
}

// Rooms are the rooms a member is in, without its own, in no order.
func (t *Table) Rooms(member Member) []string {
	e := t.find(member.ID())
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.rooms)
}

// RoomSizes lists the rooms whose names start with the prefix, in no order. A member's own room is
// not listed, nor when others have joined it.
func (t *Table) RoomSizes(prefix string) []cluster.Size {
	return slices.DeleteFunc(t.rooms.sizes(prefix), func(room cluster.Size) bool { return t.owners(room.Name) > 0 })
}

// owners is 1 for a room that is the id of a member, who is in it beside those in the index.
func (t *Table) owners(room string) int {
	if t.find(room) != nil {
		return 1
	}
	return 0
}

// UserSizes lists the users whose names start with the prefix, in no order.
func (t *Table) UserSizes(prefix string) []cluster.Size { return t.users.sizes(prefix) }

// UserCount is the number of users that have members.
func (t *Table) UserCount() int { return t.users.len() }
