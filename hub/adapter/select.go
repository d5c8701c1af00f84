package adapter

import (
	"slices"
	"sync"
)

// Select implements Adapter. The whole namespace and a single room without exceptions, which are nearly
// all targets there are, cost one copy and no look-up for each member.
func (m *Memory) Select(t Target, buf []Member) []Member {
	from := len(buf)
	switch {
	case t.All:
		m.all.mu.RLock()
		buf = appendMembers(buf, m.all.entries)
		m.all.mu.RUnlock()
	default:
		for _, name := range t.Rooms {
			buf = m.appendRoom(buf, name)
		}
		if len(t.Rooms) > 1 {
			buf = buf[:from+len(unique(buf[from:]))]
		}
	}
	if len(t.Except) == 0 || len(buf) == from {
		return buf
	}
	return m.without(buf, from, t.Except)
}

// Count implements Adapter.
func (m *Memory) Count(t Target) int {
	if len(t.Except) == 0 && t.All {
		m.all.mu.RLock()
		defer m.all.mu.RUnlock()
		return len(m.all.entries)
	}
	p := scratch.Get().(*[]Member)
	members := m.Select(t, (*p)[:0])
	n := len(members)
	release(p, members)
	return n
}

// appendRoom appends the members of a room and the member whose id the name is, each once.
func (m *Memory) appendRoom(buf []Member, name string) []Member {
	own := m.find(name)
	s := m.roomShard(name)
	s.mu.RLock()
	if r := s.byName[name]; r != nil {
		buf = appendMembers(buf, r.entries)
		if own != nil && r.find(own) >= 0 {
			own = nil
		}
	}
	s.mu.RUnlock()
	if own != nil {
		buf = append(buf, own.member)
	}
	return buf
}

func appendMembers(buf []Member, entries []*entry) []Member {
	buf = slices.Grow(buf, len(entries))
	for _, e := range entries {
		buf = append(buf, e.member)
	}
	return buf
}

// without takes the members of the rooms in except out of buf[from:].
func (m *Memory) without(buf []Member, from int, except []string) []Member {
	p := scratch.Get().(*[]Member)
	out := (*p)[:0]
	for _, name := range except {
		out = m.appendRoom(out, name)
	}
	defer func() { release(p, out) }()
	if len(out) == 0 {
		return buf
	}
	left := newSet(out)
	defer left.release()
	kept := buf[:from]
	for _, member := range buf[from:] {
		if !left.has(member) {
			kept = append(kept, member)
		}
	}
	clear(buf[len(kept):])
	return kept
}

// unique drops repeated members, keeping the order of the first ones.
func unique(members []Member) []Member {
	if len(members) < 2 {
		return members
	}
	seen := newSet(nil)
	defer seen.release()
	kept := members[:0]
	for _, member := range members {
		if !seen.has(member) {
			seen.add(member)
			kept = append(kept, member)
		}
	}
	clear(members[len(kept):])
	return kept
}

// smallSet is the size up to which looking through a slice beats a map.
const smallSet = 16

// set is a set of members: a slice while it is small, then a map.
type set struct {
	few  []Member
	many map[Member]struct{}
}

var (
	scratch = sync.Pool{New: func() any { return new([]Member) }}
	sets    = sync.Pool{New: func() any { return new(set) }}
)

// maxKept bounds what a pooled slice or map keeps for the next one.
const maxKept = 1 << 16

func newSet(members []Member) *set {
	s := sets.Get().(*set)
	for _, member := range members {
		s.add(member)
	}
	return s
}

func (s *set) has(member Member) bool {
	if len(s.many) > 0 {
		_, ok := s.many[member]
		return ok
	}
	return slices.Contains(s.few, member)
}

func (s *set) add(member Member) {
	if len(s.many) == 0 && len(s.few) < smallSet {
		s.few = append(s.few, member)
		return
	}
	if s.many == nil {
		s.many = make(map[Member]struct{})
	}
	for _, one := range s.few {
		s.many[one] = struct{}{}
	}
	clear(s.few)
	s.few = s.few[:0]
	s.many[member] = struct{}{}
}

func (s *set) release() {
	if len(s.many) > maxKept {
		return
	}
	clear(s.few)
	s.few = s.few[:0]
	clear(s.many)
	sets.Put(s)
}

func release(p *[]Member, members []Member) {
	if cap(members) > maxKept {
		return
	}
	clear(members)
	*p = members[:0]
	scratch.Put(p)
}
