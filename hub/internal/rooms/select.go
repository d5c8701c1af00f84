package rooms

import (
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// Select appends the members that the target picks to buf and returns it. The whole namespace and a single room without exceptions, which are nearly
// all targets there are, cost one copy and no look-up for each member.
func (t *Table) Select(to cluster.Target, buf []Member) []Member {
	from := len(buf)
	switch {
	case to.All:
		t.all.mu.RLock()
		buf = appendMembers(buf, t.all.entries)
		t.all.mu.RUnlock()
	default:
		buf = t.gather(buf, to.Sockets, to.Rooms, to.Users)
		if len(to.Sockets)+len(to.Rooms)+len(to.Users) > 1 {
			buf = buf[:from+len(unique(buf[from:]))]
		}
	}
	if len(buf) == from || !excepts(&to) {
		return buf
	}
	return t.without(buf, from, to)
}

// excepts reports whether anything is left out.
func excepts(to *cluster.Target) bool {
	return len(to.ExceptSockets)+len(to.ExceptRooms)+len(to.ExceptUsers) > 0
}

// gather appends the members behind names, and those that are behind several of them several times.
func (t *Table) gather(buf []Member, sockets, rooms, users []string) []Member {
	for _, id := range sockets {
		if e := t.find(id); e != nil {
			buf = append(buf, e.member)
		}
	}
	for _, name := range rooms {
		buf = t.rooms.appendMembers(buf, name, t.find(name))
	}
	for _, name := range users {
		buf = t.users.appendMembers(buf, name, nil)
	}
	return buf
}

// Count is the number of members that the target picks.
func (t *Table) Count(to cluster.Target) int {
	if to.All && !excepts(&to) {
		t.all.mu.RLock()
		defer t.all.mu.RUnlock()
		return len(t.all.entries)
	}
	p := scratch.Get().(*[]Member)
	members := t.Select(to, (*p)[:0])
	n := len(members)
	release(p, members)
	return n
}

func appendMembers(buf []Member, entries []*entry) []Member {
	buf = slices.Grow(buf, len(entries))
	for _, e := range entries {
		buf = append(buf, e.member)
	}
	return buf
}

// without takes the exceptions out of buf[from:].
func (t *Table) without(buf []Member, from int, to cluster.Target) []Member {
	p := scratch.Get().(*[]Member)
	out := t.gather((*p)[:0], to.ExceptSockets, to.ExceptRooms, to.ExceptUsers)
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
