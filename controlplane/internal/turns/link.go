package turns

import "time"

// Link is the account of a connection, and of the goroutine that reads it: it counts what that does between two reads,
// which is in no turn, and holds it back before the next one. Its methods but for Close are for that goroutine.
type Link struct {
	// Set by Turns.Link.
	turns *Turns
	name  string
	end   chan struct{} // closed by Close

	account *account // nil once it is closed; guarded by Turns.mu

	// Owned by the goroutine that reads.
	since   time.Duration // when the last read came back; 0 while nothing is measured
	advance time.Duration // what of the work that follows is counted already
}

// Link returns the link of a connection, by the name that its seats are asked for with. Close gives it back.
func (t *Turns) Link(name string) *Link {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &Link{turns: t, name: name, end: make(chan struct{}), account: t.open(name)}
	t.links[name] = l
	return l
}

// Before is called before each read. It waits.
func (l *Link) Before() {
	if l.since == 0 {
		return
	}
	t := l.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	a, now := l.account, t.now()
	if a == nil {
		return
	}
	t.charge(a, now, now-l.since, 0, l.advance)
	l.since = 0
	l.advance = t.restLocked(a, longestHold, l.end)
}

// After is called after each read.
func (l *Link) After() {
	if l.turns.measuring.Load() {
		l.since = l.turns.now()
	}
}

// Close ends what is waited for, and gives the link back. It is called once.
func (l *Link) Close() {
	close(l.end)
	t := l.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	t.close(l.account)
	l.account = nil
	if t.links[l.name] == l {
		delete(t.links, l.name)
	}
}

// belong makes the link that of another customer. Turns.mu is held.
func (l *Link) belong(customer string) {
	if l.account == nil {
		return
	}
	l.turns.close(l.account)
	l.account = l.turns.open(customer)
}
