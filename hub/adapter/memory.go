package adapter

import (
	"hash/maphash"
	"slices"
	"sync"
)

// shardCount spreads rooms and members over locks, so that browsers of different rooms do not meet.
const shardCount = 16

// Memory keeps rooms in memory, for a hub that is alone. Its zero value is not ready; see NewMemory.
type Memory struct {
	seed    maphash.Seed
	all     everybody
	members [shardCount]memberShard
	rooms   index
	users   index
}

var _ Adapter = (*Memory)(nil)

// NewMemory is the Builder of Memory.
func NewMemory(_ string, host Host) Adapter {
	m := &Memory{seed: maphash.MakeSeed()}
	m.rooms.seed, m.users.seed = m.seed, m.seed
	if w, ok := host.(Watcher); ok {
		m.rooms.watch, m.users.watch = w.RoomOccupied, w.UserPresent
	}
	return m
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

func (m *Memory) memberShard(id string) *memberShard {
	return &m.members[maphash.String(m.seed, id)%shardCount]
}

// find returns the entry of an id, or nil.
func (m *Memory) find(id string) *entry {
	s := m.memberShard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id]
}

// Add implements Adapter.
func (m *Memory) Add(member Member) {
	e := &entry{member: member}
	id := member.ID()
	s := m.memberShard(id)
	s.mu.Lock()
	if s.byID[id] != nil {
		s.mu.Unlock()
		return
	}
	if s.byID == nil {
		s.byID = make(map[string]*entry)
	}
	s.byID[id] = e
	s.mu.Unlock()
	m.all.add(e)
	if user := member.User(); user != "" {
		m.users.join(user, e)
	}
}

// Remove implements Adapter.
func (m *Memory) Remove(member Member) []string {
	id := member.ID()
	s := m.memberShard(id)
	s.mu.Lock()
	e := s.byID[id]
	delete(s.byID, id)
	if len(s.byID) == 0 {
		s.byID = nil
	}
	s.mu.Unlock()
	if e == nil {
		return nil
	}
	m.all.remove(e)
	if user := member.User(); user != "" {
		m.users.leave(user, e)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = true
	rooms := e.rooms
	e.rooms = nil
	for _, name := range rooms {
		m.rooms.leave(name, e)
	}
	return rooms
}

// Join implements Adapter.
func (m *Memory) Join(member Member, rooms ...string) []string {
	id := member.ID()
	e := m.find(id)
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
		name = m.rooms.join(name, e)
		e.rooms = append(e.rooms, name)
		in.add(name)
		return true
	})
}

// Leave implements Adapter.
func (m *Memory) Leave(member Member, rooms ...string) []string {
	e := m.find(member.ID())
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
		m.rooms.leave(name, e)
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

// Rooms implements Adapter.
func (m *Memory) Rooms(member Member) []string {
	e := m.find(member.ID())
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.rooms)
}

// RoomSizes implements Adapter.
func (m *Memory) RoomSizes(prefix string) []RoomSize {
	return slices.DeleteFunc(m.rooms.sizes(prefix), func(room RoomSize) bool { return m.owners(room.Name) > 0 })
}

// owners is 1 for a room that is the id of a member, who is in it beside those in the index.
func (m *Memory) owners(room string) int {
	if m.find(room) != nil {
		return 1
	}
	return 0
}

// UserSizes implements Adapter.
func (m *Memory) UserSizes(prefix string) []RoomSize { return m.users.sizes(prefix) }

// UserCount implements Adapter.
func (m *Memory) UserCount() int { return m.users.len() }

// Publish implements Adapter: there are no other nodes.
func (m *Memory) Publish(Command) error { return nil }

// Close implements Adapter.
func (m *Memory) Close() error { return nil }
