package recovery

import (
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Log is what was emitted in one namespace.
type Log struct {
	of *Logs

	mu      sync.Mutex // guards the fields below; a leaf
	entries []*Entry
	// head is that of the last entry that was appended, there or not. Invariant: the entries are those of the
	// positions up to it, without a gap.
	head  Point
	bytes int64
}

// Head is that of the last entry.
func (l *Log) Head() Point {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Next is where the next entry will stand, which is one of the hub's own or from elsewhere. Nothing else may be appended, or
// noted, in between.
func (l *Log) Next(m Mark) Point {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.head
	p.At++
	if m.Foreign {
		p.Place.Of = later(p.Place.Of, m.Of)
	} else {
		p.Place.Own = l.of.Draw()
	}
	return p
}

func later(p, o cluster.Position) cluster.Position {
	if p.Before(o) {
		return o
	}
	return p
}

// Note says that something happened in the namespace that is no entry, and where the namespace is then.
func (l *Log) Note(m Mark) Place {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.Foreign {
		l.head.Place.Of = later(l.head.Place.Of, m.Of)
	} else {
		l.head.Place.Own = l.of.Draw()
	}
	return l.head.Place
}

// Reach says how far the engine's log has been applied, and returns the head.
func (l *Log) Reach(of cluster.Position) Point {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head.Place.Of = later(l.head.Place.Of, of)
	return l.head
}

// TakeUnshared returns the entries that are in no log but this one, oldest first: whoever calls it puts them there.
func (l *Log) TakeUnshared() (list []*Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Unshared {
			e.Unshared = false
			list = append(list, e)
		}
	}
	return list
}

// Append puts an entry behind the last one, where Next has said for its mark. kept is false when there is no room for it.
func (l *Log) Append(e *Entry, m Mark, at Point) (kept bool) {
	e.at, e.point, e.mark = time.Now(), at, m
	l.mu.Lock()
	l.head = at
	l.entries = append(l.entries, e)
	l.countLocked(e.size)
	l.dropOldLocked(e.at)
	full := l.bytes > l.of.config.LogBytes
	for l.bytes > l.of.config.LogBytes {
		l.dropLocked()
	}
	kept = len(l.entries) > 0
	l.mu.Unlock()
	if full {
		l.of.config.full(FullLogBytes)
	}
	l.of.reclaim()
	l.of.sweeper.watch()
	return kept
}

func (l *Log) countLocked(bytes int64) {
	l.bytes += bytes
	l.of.bytes.Add(bytes)
}

func (l *Log) dropLocked() {
	l.countLocked(-l.entries[0].size)
	l.entries[0] = nil
	l.entries = l.entries[1:]
	if len(l.entries) == 0 {
		l.entries = nil
	}
}

func (l *Log) dropOldLocked(now time.Time) {
	for len(l.entries) > 0 && now.Sub(l.entries[0].at) > l.of.config.MaxDuration+l.of.config.Detection {
		l.dropLocked()
	}
}

func (l *Log) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// shrink drops the oldest entries until so many bytes have gone, and reports whether there were any.
func (l *Log) shrink(bytes int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	least, any := l.bytes-bytes, len(l.entries) > 0
	for len(l.entries) > 0 && l.bytes > least {
		l.dropLocked()
	}
	return any
}

// Read copies the entries behind a position into buf and returns how many. ok is false when some of those that were
// there have gone.
func (l *Log) Read(after uint64, buf []*Entry) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.head.At - uint64(len(l.entries)) // the position before the first
	if after < before || after > l.head.At {
		return 0, false
	}
	return copy(buf, l.entries[after-before:]), true
}

// Close forgets the entries.
func (l *Log) Close() {
	all := l.of
	all.mu.Lock()
	delete(all.open, l)
	l.mu.Lock()
	all.drawn = max(all.drawn, l.head.At)
	l.countLocked(-l.bytes)
	l.entries = nil
	l.mu.Unlock()
	all.mu.Unlock()
}
