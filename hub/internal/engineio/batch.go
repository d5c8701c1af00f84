package engineio

// Batch collects the sessions that several Sends touch, so that each is written to once: one system
// call for each browser. The zero value is ready. One goroutine uses it at a time; it can be used
// again after Flush. A session whose outbox is half full is written to before.
type Batch struct {
	sessions []*Session
	first    func() // at Flush
}

// AtFlush has a function called when Flush begins, once. It returns false when one is there already.
func (b *Batch) AtFlush(f func()) bool {
	if b.first != nil {
		return false
	}
	b.first = f
	return true
}

// Flush writes what was collected, and returns to how many sessions. It does not wait for slow browsers.
func (b *Batch) Flush() int {
	if f := b.first; f != nil {
		b.first = nil
		f()
	}
	n := len(b.sessions)
	for _, s := range b.sessions {
		s.mu.Lock()
		if s.batch == b {
			s.batch = nil
		}
		s.mu.Unlock()
		s.flush()
	}
	clear(b.sessions)
	b.sessions = b.sessions[:0]
	return n
}

// addLocked notes a session once. The session's mark is the last batch that noted it: with two at
// work it may be noted twice, and the second flush finds nothing.
func (b *Batch) addLocked(s *Session) {
	if s.batch == b {
		return
	}
	s.batch = b
	b.sessions = append(b.sessions, s)
}
