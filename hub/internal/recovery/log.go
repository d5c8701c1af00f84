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
	// ArgsBytes is how much of the message's arguments is what was emitted, without the last bracket: its offset is behind.
	ArgsBytes int

	at   time.Time
	size int64
	// point is where it stands.
	point Point
	// mark says where it is from.
	mark Mark
	// Unshared says that it is in no log but this one, whatever engine there is. Guarded by Log.mu once it is appended.
	Unshared bool
}

// Point is where it stands in its log.
func (e *Entry) Point() Point { return e.point }

// Size is what it takes, in bytes.
func (e *Entry) Size() int64 { return e.size }

// Bare is its message as it was emitted, without an offset.
func (e *Entry) Bare() cluster.Message {
	m := e.Message
	m.Args = append(slices.Clone(m.Args[:e.ArgsBytes]), ']')
	return m
}

const (
	// entryBytes is what an entry takes beside its texts, nameBytes what a name does, or an attachment.
	entryBytes = 416
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
	// head is that of the last entry that was appended, there or not. Invariant: the entries are those of the
	// positions up to it, without a gap.
	head  Point
	bytes int64
}

// NewLog returns an empty log. Its positions begin behind those of all logs that were closed, so that an offset of one
// that had the same name is before all that is in it. of is how far the engine's log has been applied.
func (s *Store) NewLog(of cluster.Position) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &Log{store: s, head: Point{At: s.drawn, Place: Place{Of: of, Own: s.own.Load()}}}
	s.logs[l] = struct{}{}
	return l
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
		p.Place.Own = l.store.Draw()
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
		l.head.Place.Own = l.store.Draw()
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
	before := l.head.At - uint64(len(l.entries)) // the position before the first
	if after < before || after > l.head.At {
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
	s.drawn = max(s.drawn, l.head.At)
	l.countLocked(-l.bytes)
	l.entries = nil
	l.mu.Unlock()
	s.mu.Unlock()
}
