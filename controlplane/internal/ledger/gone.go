package ledger

import "sync"

// Gone remembers deliveries whose browser left before the decision: who decides them later
// hears that. It is safe for concurrent use.
type Gone struct {
	mu   sync.Mutex // guards seqs; a leaf
	seqs *Memory
}

// rememberGone is how many are remembered.
const rememberGone = 1 << 14

// NewGone returns an empty one.
func NewGone() *Gone {
	return &Gone{seqs: NewMemory(rememberGone)}
}

// Add remembers the number of a delivery; 0 is none.
func (m *Gone) Add(seq uint64) {
	if seq == 0 {
		return // it was with nobody
	}
	m.mu.Lock()
	m.seqs.Add(seq)
	m.mu.Unlock()
}

// Has reports whether it remembers a number.
func (m *Gone) Has(seq uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seqs.Has(seq)
}
