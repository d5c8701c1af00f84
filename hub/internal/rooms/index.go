package rooms

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// index knows the entries behind each name: those in a room, or those of a user.
type index struct {
	// set at construction
	seed maphash.Seed
	// watch is told, under the shard's lock, that a name has its first entry (true) or none any more. Nil:
	// nobody looks.
	watch func(name string, first bool)

	shards [shardCount]roomShard
}

type roomShard struct {
	mu sync.RWMutex // guards byName and the rooms in it
	// byName is nil while the shard is empty.
	byName map[string]*room
}

func (x *index) shard(name string) *roomShard {
	return &x.shards[maphash.String(x.seed, name)%shardCount]
}

// join puts an entry into a room and returns the room's name, which all members share.
func (x *index) join(name string, e *entry) string {
	s := x.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byName[name]
	if r == nil {
		if s.byName == nil {
			s.byName = make(map[string]*room)
		}
		r = &room{name: name}
		s.byName[name] = r
		if x.watch != nil {
			x.watch(name, true)
		}
	}
	r.add(e)
	return r.name
}

// leave takes an entry out of a room. An empty room goes, and the map of an empty shard too, as maps
// never shrink.
func (x *index) leave(name string, e *entry) {
	s := x.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byName[name]
	if r == nil {
		return
	}
	r.remove(e)
	if len(r.entries) > 0 {
		return
	}
	delete(s.byName, name)
	if len(s.byName) == 0 {
		s.byName = nil
	}
	if x.watch != nil {
		x.watch(name, false)
	}
}

// appendMembers appends the members behind a name, own the one that is behind it in any case unless it is
// nil, each once.
func (x *index) appendMembers(buf []Member, name string, own *entry) []Member {
	s := x.shard(name)
	s.mu.RLock()
	if r := s.byName[name]; r != nil {
		buf = appendMembers(buf, r.entries)
	}
	s.mu.RUnlock()
	if own != nil {
		buf = append(buf, own.member)
	}
	return buf
}

// has reports whether there are entries behind a name.
func (x *index) has(name string) bool {
	s := x.shard(name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[name] != nil
}

// sizes lists the names that start with the prefix, in no order.
func (x *index) sizes(prefix string) []cluster.Size {
	var sizes []cluster.Size
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.RLock()
		for name, r := range s.byName {
			if strings.HasPrefix(name, prefix) {
				sizes = append(sizes, cluster.Size{Name: name, Sockets: len(r.entries)})
			}
		}
		s.mu.RUnlock()
	}
	return sizes
}

// len is the number of names.
func (x *index) len() int {
	n := 0
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.RLock()
		n += len(s.byName)
		s.mu.RUnlock()
	}
	return n
}
