package recovery

import (
	"slices"
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
