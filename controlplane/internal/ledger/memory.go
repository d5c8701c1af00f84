package ledger

// Memory remembers the newest numbers that were added to it. The zero value
// remembers nothing; NewMemory makes one.
type Memory struct {
	size  int
	known map[uint64]struct{}
	// order is a ring; next is where the next number goes.
	order []uint64
	next  int
}

// NewMemory returns a memory for the size newest numbers.
func NewMemory(size int) *Memory {
	return &Memory{size: size, known: make(map[uint64]struct{})}
}

// Add remembers a number, and forgets the oldest one when there are too many.
func (m *Memory) Add(n uint64) {
	if m.size == 0 || m.Has(n) {
		return
	}
	m.known[n] = struct{}{}
	if len(m.order) < m.size {
		m.order = append(m.order, n)
		return
	}
	delete(m.known, m.order[m.next])
	m.order[m.next] = n
	m.next = (m.next + 1) % m.size
}

// Has reports whether a number is remembered.
func (m *Memory) Has(n uint64) bool {
	_, ok := m.known[n]
	return ok
}
