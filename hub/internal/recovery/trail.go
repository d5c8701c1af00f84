package recovery

// Trail is where a session has been, as far as that says what was for it. It belongs to whoever made the session, and
// goes along with the log: entries, changes of rooms and these calls are in one order.
type Trail struct {
	// joined is where the session joined, before its first entry.
	joined Point
	// last is the last entry that was for it, queued or not. Zero: there was none.
	last Point
	// left is where it left. Meaningful while it is away.
	left Point
	// changes are those of its rooms, oldest first, without those that are forgotten: the last of these was behind known.
	changes   []roomChange
	forgotten int
	known     Point
}

// roomChange says what a session joined or left behind a position.
type roomChange struct {
	Point
	room   string
	joined bool
}

// MaxChanges is how many changes of rooms a session remembers: whoever has missed something from before them
// begins anew. Mostly nothing was on its way and none of them matters.
const MaxChanges = 64

// changeBytes is what a change of rooms takes beside its room's name.
const changeBytes = 96

// Bytes is what it holds.
func (t *Trail) Bytes() (size int64) {
	for _, c := range t.changes {
		size += int64(len(c.room)) + changeBytes
	}
	return size
}

// Join says where a session has joined.
func (t *Trail) Join(at Point) { *t = Trail{joined: at, known: at} }

// Sent says that an entry was for the session.
func (t *Trail) Sent(at Point) { t.last = at }

// Leave says where it has left.
func (t *Trail) Leave(at Point) { t.left = at }

// Moved says that the session has joined or left rooms behind a position.
func (t *Trail) Moved(at Point, joined, left []string) {
	for i, names := range [][]string{joined, left} {
		for _, room := range names {
			t.changes = append(t.changes, roomChange{at, room, i == 0})
		}
	}
	if over := len(t.changes) - MaxChanges; over > 0 {
		t.known = t.changes[over-1].Point
		t.forgotten += over
		t.changes = append(t.changes[:0], t.changes[over:]...)
	}
}

// Resume is the position behind which a session that is away goes on: the one that its browser says, or if it says
// none (named is false) where it has joined.
//
// Errors: ErrOffset, ErrMoved.
func (t *Trail) Resume(offset uint64, named bool) (from uint64, err error) {
	switch {
	case named && offset > max(t.last.At, t.joined.At):
		return 0, ErrOffset // nobody has sent it that far
	case !named, offset < t.joined.At:
		// What it says is from before it has joined: of another session of the same browser.
		offset = t.joined.At
	}
	if t.last.At <= offset {
		offset = t.left.At // it has all that was for it
	}
	if offset < t.known.At {
		return 0, ErrMoved
	}
	return offset, nil
}

// roomsAt are the rooms of a session at a position, made of those that it is in, and the number of the first change that
// is not among them. Changes behind the position itself may be: they come before the next entry. ok is false when too much
// is forgotten.
func (t *Trail) roomsAt(at uint64, rooms []string) (set roomSet, next int, ok bool) {
	set = make(roomSet, len(rooms))
	for _, room := range rooms {
		set[room] = struct{}{}
	}
	next = len(t.changes)
	for ; next > 0 && t.changes[next-1].At >= at; next-- {
		c := t.changes[next-1]
		set.change(c.room, !c.joined)
	}
	return set, t.forgotten + next, at >= t.known.At
}

func (r roomSet) change(room string, in bool) {
	if in {
		r[room] = struct{}{}
	} else {
		delete(r, room)
	}
}
