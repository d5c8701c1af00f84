package adapter

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// shardCount spreads rooms and members over locks, so that browsers of different rooms do not meet.
const shardCount = 16

// Memory keeps rooms in memory, for a hub that is alone. Its zero value is not ready; see NewMemory.
type Memory struct {
	seed    maphash.Seed
	all     everybody
	members [shardCount]memberShard
	rooms   [shardCount]roomShard
}

var _ Adapter = (*Memory)(nil)

// NewMemory is the Builder of Memory.
func NewMemory(string, Host) Adapter { return newMemory() }

func newMemory() *Memory { return &Memory{seed: maphash.MakeSeed()} }

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

type roomShard struct {
	mu sync.RWMutex // guards byName and the rooms in it
	// byName is nil while the shard is empty.
	byName map[string]*room
}

func (m *Memory) memberShard(id string) *memberShard {
	return &m.members[maphash.String(m.seed, id)%shardCount]
}

func (m *Memory) roomShard(name string) *roomShard {
	return &m.rooms[maphash.String(m.seed, name)%shardCount]
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
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = true
	rooms := e.rooms
	e.rooms = nil
	for _, name := range rooms {
		m.roomShard(name).leave(name, e)
	}
	return rooms
}

// Join implements Adapter.
func (m *Memory) Join(member Member, rooms ...string) {
	e := m.find(member.ID())
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return
	}
	for _, name := range rooms {
		if !slices.Contains(e.rooms, name) {
			e.rooms = append(e.rooms, m.roomShard(name).join(name, e))
		}
	}
}

// Leave implements Adapter.
func (m *Memory) Leave(member Member, rooms ...string) {
	e := m.find(member.ID())
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range rooms {
		if i := slices.Index(e.rooms, name); i >= 0 {
			e.rooms = slices.Delete(e.rooms, i, i+1)
			m.roomShard(name).leave(name, e)
		}
	}
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
	var sizes []RoomSize
	for i := range m.rooms {
		s := &m.rooms[i]
		s.mu.RLock()
		for name, r := range s.byName {
			if strings.HasPrefix(name, prefix) {
				sizes = append(sizes, RoomSize{Name: name, Members: len(r.entries)})
			}
		}
		s.mu.RUnlock()
	}
	return sizes
}

// Publish implements Adapter: there are no other nodes.
func (m *Memory) Publish(Command) error { return nil }

// Close implements Adapter.
func (m *Memory) Close() error { return nil }
