package rooms

import (
	"slices"
	"sync"
)

// indexFrom is the size from which a room keeps an index of its members: below it a look through a few
// pointers is faster and takes less memory.
const indexFrom = 32

// room is the entries that are in it. It belongs to its shard's lock.
type room struct {
	name    string
	entries []*entry
	// index is the place of each entry. Nil in a small room.
	index map[*entry]int
}

func (r *room) add(e *entry) {
	r.entries = append(r.entries, e)
	switch n := len(r.entries); {
	case r.index != nil:
		r.index[e] = n - 1
	case n == indexFrom:
		r.index = make(map[*entry]int, 2*n)
		for i, e := range r.entries {
			r.index[e] = i
		}
	}
}

func (r *room) remove(e *entry) {
	i := r.find(e)
	if i < 0 {
		return
	}
	last := len(r.entries) - 1
	moved := r.entries[last]
	r.entries[i] = moved
	r.entries[last] = nil
	r.entries = r.entries[:last]
	if r.index != nil {
		r.index[moved] = i
		delete(r.index, e)
		if last < indexFrom/2 {
			r.index = nil
			r.entries = slices.Clone(r.entries)
		}
	}
}

// find returns the place of an entry, -1 when it is not in the room.
func (r *room) find(e *entry) int {
	if r.index == nil {
		return slices.Index(r.entries, e)
	}
	if i, ok := r.index[e]; ok {
		return i
	}
	return -1
}

// everybody is all entries of the namespace.
type everybody struct {
	mu      sync.RWMutex // guards entries and their positions
	entries []*entry
}

func (a *everybody) add(e *entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.position = len(a.entries)
	a.entries = append(a.entries, e)
}

func (a *everybody) remove(e *entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := len(a.entries) - 1
	moved := a.entries[last]
	a.entries[e.position] = moved
	moved.position = e.position
	a.entries[last] = nil
	a.entries = a.entries[:last]
	if cap(a.entries) > 1024 && last < cap(a.entries)/4 {
		a.entries = slices.Clip(slices.Clone(a.entries))
	}
}
