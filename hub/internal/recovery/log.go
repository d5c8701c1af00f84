package recovery

import (
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Entry is one packet, for whoever it was. It never changes.
type Entry struct {
	Target  cluster.Target
	Message cluster.Message

	at   time.Time
	size int64
}

const (
	// entryBytes is what an entry takes beside its texts, nameBytes what a name does, or an attachment.
	entryBytes = 320
	nameBytes  = 24
)

// held is what so many bytes take: the allocator rounds up.
func held(bytes int) int64 { return int64(bytes + bytes/8) }

func (e *Entry) count() int64 {
	size := entryBytes + held(len(e.Message.Event)+len(e.Message.Args))
	for _, a := range e.Message.Attachments {
		size += held(len(a)) + nameBytes
	}
	t := &e.Target
	for _, names := range [][]string{t.Sockets, t.Rooms, t.Users, t.ExceptSockets, t.ExceptRooms, t.ExceptUsers} {
		for _, name := range names {
			size += held(len(name)) + nameBytes
		}
	}
	return size
}

// NewEntry makes an entry that owns its lists of names. The message's bytes are its own already.
func NewEntry(t cluster.Target, m cluster.Message) *Entry {
	e := &Entry{Message: m, Target: cluster.Target{
		All: t.All, Sockets: slices.Clone(t.Sockets), Rooms: slices.Clone(t.Rooms), Users: slices.Clone(t.Users),
		ExceptSockets: slices.Clone(t.ExceptSockets), ExceptRooms: slices.Clone(t.ExceptRooms),
		ExceptUsers: slices.Clone(t.ExceptUsers),
	}}
	e.size = e.count()
	return e
}

// Log is what was emitted in one namespace.
type Log struct {
	store *Store

	mu      sync.Mutex // guards the fields below; a leaf
	entries []*Entry
	// head is the position of the last entry that was appended, there or not. Invariant: the entries are those of the
	// positions up to it, without a gap.
	head  uint64
	bytes int64
}

// NewLog returns an empty log. Its positions begin behind those of all logs that were closed, so that an offset of one
// that had the same name is before all that is in it.
func (s *Store) NewLog() *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &Log{store: s, head: s.drawn}
	s.logs[l] = struct{}{}
	return l
}

// Head is the position of the last entry.
func (l *Log) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Append puts an entry behind the last one. kept is false when there is no room for it.
func (l *Log) Append(e *Entry) (kept bool) {
	e.at = time.Now()
	l.mu.Lock()
	l.head++
	l.entries = append(l.entries, e)
	l.countLocked(e.size)
	l.dropOldLocked(e.at)
	full := l.bytes > l.store.config.LogBytes
	for l.bytes > l.store.config.LogBytes {
		l.dropLocked()
	}
	kept = len(l.entries) > 0
	l.mu.Unlock()
	if full {
		l.store.full(FullLogBytes)
	}
	l.store.reclaim()
	l.store.watch()
	return kept
}

func (l *Log) countLocked(bytes int64) {
	l.bytes += bytes
	l.store.logBytes.Add(bytes)
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
	for len(l.entries) > 0 && now.Sub(l.entries[0].at) > l.store.config.MaxDuration+l.store.config.Detection {
		l.dropLocked()
	}
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
	before := l.head - uint64(len(l.entries)) // the position before the first
	if after < before || after > l.head {
		return 0, false
	}
	return copy(buf, l.entries[after-before:]), true
}

// Close forgets the entries.
func (l *Log) Close() {
	s := l.store
	s.mu.Lock()
	delete(s.logs, l)
	l.mu.Lock()
	s.drawn = max(s.drawn, l.head)
	l.countLocked(-l.bytes)
	l.entries = nil
	l.mu.Unlock()
	s.mu.Unlock()
}
