package rooms

import "slices"

// setFrom is the number of comparisons from which a set of a member's rooms is worth being made. One command
// may join a thousand rooms, which would be half a million comparisons for each member.
const setFrom = 1 << 10

// lookup finds rooms among those of an entry while the entry is locked. It belongs to one change of them.
type lookup struct {
	e *entry
	// set has the rooms. Nil when they are few: they are looked through.
	set map[string]struct{}
}

// lookFor prepares to look for so many rooms.
func (e *entry) lookFor(names int) lookup {
	l := lookup{e: e}
	if names*(len(e.rooms)+names) >= setFrom {
		l.set = make(map[string]struct{}, len(e.rooms)+names)
		for _, name := range e.rooms {
			l.set[name] = struct{}{}
		}
	}
	return l
}

func (l lookup) has(name string) bool {
	if l.set == nil {
		return slices.Contains(l.e.rooms, name)
	}
	_, ok := l.set[name]
	return ok
}

// add is told of a room that was appended.
func (l lookup) add(name string) {
	if l.set != nil {
		l.set[name] = struct{}{}
	}
}

// remove takes a room out of the entry's, at the latest with keep.
func (l lookup) remove(name string) {
	if l.set != nil {
		delete(l.set, name)
		return
	}
	i := slices.Index(l.e.rooms, name)
	l.e.rooms = slices.Delete(l.e.rooms, i, i+1)
}

// keep drops the rooms that were removed.
func (l lookup) keep() {
	if l.set != nil && len(l.set) < len(l.e.rooms) {
		l.e.rooms = slices.DeleteFunc(l.e.rooms, func(name string) bool { return !l.has(name) })
	}
}
