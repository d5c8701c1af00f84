package v09

import "sync"

// budget bounds what all clients together hold of something. The zero value has no room. It is safe for concurrent use.
type budget struct {
	most int64

	mu    sync.Mutex // guards the fields below; a leaf
	used  int64
	full  bool          // whoever may wait has to: see admits
	freed chan struct{} // closed when there may be room again; nil while nobody waits
}

// little is what one client may hold of something when others have used up the budget: who sends and reads small packets does not
// feel those who do not.
const little = 4 << 10

// change notes that so much more is held, or less. True: it is more than may be.
func (b *budget) change(by int64) (over bool) {
	if by == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += by
	if by < 0 && b.used <= b.low() {
		b.full = false
		if b.freed != nil {
			close(b.freed)
			b.freed = nil
		}
	}
	return b.used > b.most
}

// low is what may be in use when those who wait are woken: all of them are, and so not for each packet that is taken.
func (b *budget) low() int64 { return b.most - b.most/8 }

// fits reports whether there is room for so much more.
func (b *budget) fits(more int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used+more <= b.most
}

// admits is fits for whoever waits otherwise (next). Once one waits, all who come do, until it is woken: it would find what is given back
// taken again.
func (b *budget) admits(more int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+more > b.most {
		b.full = b.used > b.low() // or nothing that is given back would end it
	}
	return !b.full && b.used+more <= b.most
}

// next is closed when an eighth is free, and something has been given back.
func (b *budget) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed
}

// share is what a link holds of a budget. The link's lock guards it.
type share struct {
	of   *budget
	held int64
}

// set notes how much that is now. True: with it all hold more than they may.
func (s *share) set(bytes int) (over bool) {
	by := int64(bytes) - s.held
	s.held = int64(bytes)
	return s.of.change(by) && by > 0
}
