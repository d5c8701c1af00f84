package observe

// Limit bounds a ring in entries and in bytes.
type Limit struct{ Items, Bytes int }

// Ring keeps the newest of what was put into it, and counts what it left out: each entry
// is either taken, or counted in exactly one gap. Its zero value keeps one entry. It is
// not safe for concurrent use.
type Ring[T any] struct {
	// Invariant: entries[(first+i) % len(entries)] for i < count are those that wait, the
	// oldest first.
	entries      []slot[T]
	first, count int
	bytes        int
	limit        Limit
	gap          uint64
}

type slot[T any] struct {
	value T
	size  int
}

// leastSlots is how many entries a ring begins with; keepSlots how many an empty one
// keeps.
const (
	leastSlots = 16
	keepSlots  = 1024
)

// Limit sets how much the ring keeps. What is too much by now is left out, the oldest
// first.
func (r *Ring[T]) Limit(limit Limit) {
	r.limit = limit
	for r.count > max(limit.Items, 1) || r.bytes > limit.Bytes && r.count > 1 {
		r.leaveOut()
	}
}

// Put adds an entry. The oldest ones make room for it; one that is larger than the limit
// is kept alone.
func (r *Ring[T]) Put(value T, size int) {
	for r.count > 0 && (r.count >= r.limit.Items || r.bytes+size > r.limit.Bytes) {
		r.leaveOut()
	}
	if r.count == len(r.entries) {
		r.grow()
	}
	r.entries[(r.first+r.count)%len(r.entries)] = slot[T]{value, size}
	r.count++
	r.bytes += size
}

// Take returns the oldest entry, and how many were left out since the one that was taken
// before it. It returns false when the ring is empty; what was left out then is for the
// next Take, or for Trailing.
func (r *Ring[T]) Take() (value T, gap uint64, ok bool) {
	if r.count == 0 {
		return value, 0, false
	}
	value, gap = r.entries[r.first].value, r.gap
	r.gap = 0
	r.remove()
	if r.count == 0 && len(r.entries) > keepSlots {
		r.entries, r.first = nil, 0
	}
	return value, gap, true
}

// Miss counts entries that were taken and could not be sent, with the gap that came with
// them: the next entry tells of them.
func (r *Ring[T]) Miss(n uint64) { r.gap += n }

// Trailing takes the count of what was left out after the last entry. It is 0 while
// entries wait: the next one tells.
func (r *Ring[T]) Trailing() uint64 {
	if r.count > 0 {
		return 0
	}
	gap := r.gap
	r.gap = 0
	return gap
}

// Len counts the entries that wait.
func (r *Ring[T]) Len() int { return r.count }

// Bytes is the size of the entries that wait.
func (r *Ring[T]) Bytes() int { return r.bytes }

// leaveOut drops the oldest entry.
func (r *Ring[T]) leaveOut() {
	r.remove()
	r.gap++
}

func (r *Ring[T]) remove() {
	s := &r.entries[r.first]
	r.bytes -= s.size
	*s = slot[T]{}
	r.first = (r.first + 1) % len(r.entries)
	r.count--
}

func (r *Ring[T]) grow() {
	more := make([]slot[T], min(max(2*len(r.entries), leastSlots), max(r.limit.Items, 1)))
	for i := range r.count {
		more[i] = r.entries[(r.first+i)%len(r.entries)]
	}
	r.entries, r.first = more, 0
}
