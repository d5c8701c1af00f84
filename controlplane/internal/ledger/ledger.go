package ledger

import "sort"

// recentSettled is how many settled numbers a Ledger remembers. A service that
// settles twice does so soon.
const recentSettled = 1024

// Ledger keeps what is open. The zero value is empty.
type Ledger[T any] struct {
	// entries[head:] are sorted by number. Closed ones stay until they come to the
	// front or are too many. Invariant: entries[head] is open, or there is none.
	entries []entry[T]
	head    int
	open    int

	// recent is a ring of settled numbers; next is where the next one goes.
	recent []uint64
	next   int
}

type entry[T any] struct {
	seq   uint64
	open  bool
	value T
}

// Open adds an entry. Its number has to be larger than all before.
func (l *Ledger[T]) Open(seq uint64, value T) {
	l.entries = append(l.entries, entry[T]{seq, true, value})
	l.open++
}

// Get returns an open entry.
func (l *Ledger[T]) Get(seq uint64) (value T, ok bool) {
	if i := l.find(seq); i >= 0 {
		return l.entries[i].value, true
	}
	return value, false
}

// Settle closes an open entry and remembers that it was settled.
func (l *Ledger[T]) Settle(seq uint64) bool {
	if !l.Remove(seq) {
		return false
	}
	if len(l.recent) < recentSettled {
		l.recent = append(l.recent, seq)
		return true
	}
	l.recent[l.next] = seq
	l.next = (l.next + 1) % recentSettled
	return true
}

// Remove closes an open entry without remembering it.
func (l *Ledger[T]) Remove(seq uint64) bool {
	i := l.find(seq)
	if i < 0 {
		return false
	}
	l.entries[i] = entry[T]{seq: seq}
	l.open--
	for l.head < len(l.entries) && !l.entries[l.head].open {
		l.head++
	}
	l.compact()
	return true
}

// Settled reports whether a number was settled, as far as it is remembered.
func (l *Ledger[T]) Settled(seq uint64) bool {
	for _, s := range l.recent {
		if s == seq {
			return true
		}
	}
	return false
}

// Len counts the open entries.
func (l *Ledger[T]) Len() int { return l.open }

// Oldest returns the open entry with the smallest number.
func (l *Ledger[T]) Oldest() (value T, ok bool) {
	if l.open == 0 {
		return value, false
	}
	return l.entries[l.head].value, true
}

// Each calls f with each open entry, the smallest number first. F must not change
// the ledger.
func (l *Ledger[T]) Each(f func(seq uint64, value T)) {
	for _, e := range l.entries[l.head:] {
		if e.open {
			f(e.seq, e.value)
		}
	}
}

// find returns the place of an open entry, or -1. The oldest comes first: most
// services settle in order.
func (l *Ledger[T]) find(seq uint64) int {
	live := l.entries[l.head:]
	if len(live) == 0 {
		return -1
	}
	i := 0
	if live[0].seq != seq {
		i = sort.Search(len(live), func(i int) bool { return live[i].seq >= seq })
	}
	if i == len(live) || live[i].seq != seq || !live[i].open {
		return -1
	}
	return l.head + i
}

// compact keeps the slice within twice what is open. Each entry is moved at most
// once for each one that was closed.
func (l *Ledger[T]) compact() {
	if len(l.entries) < 64 || len(l.entries) < 2*l.open {
		return
	}
	kept := l.entries[:0]
	for _, e := range l.entries[l.head:] {
		if e.open {
			kept = append(kept, e)
		}
	}
	clear(l.entries[len(kept):])
	l.entries, l.head = kept, 0
}
