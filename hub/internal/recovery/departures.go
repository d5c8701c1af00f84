package recovery

import (
	"container/list"
	"time"
)

// sessionBytes is what a session takes beside what it holds.
const sessionBytes = 1024

// departures are the sessions that have left: those that are away or reserved, in the order in which they left. Guarded by
// Store.mu.
type departures struct {
	config *Config // set at construction
	list   list.List
	bytes  int64 // of them
}

// departed is a session that has left.
type departed struct {
	*Session
	at time.Time
}

// add puts one at the end.
func (d *departures) add(one *Session, size int64, since time.Time) {
	one.size = size
	d.bytes += size
	one.place = d.list.PushBack(departed{one, since})
}

// remove takes one out. It does nothing for one that is not there.
func (d *departures) remove(one *Session) {
	if one.place != nil {
		d.list.Remove(one.place)
		one.place = nil
		d.bytes -= one.size
	}
}

// first is the one that left first. Nil: there is none.
func (d *departures) first() *Session {
	if e := d.list.Front(); e != nil {
		return e.Value.(departed).Session
	}
	return nil
}

// takes reports whether one of that size may be there at all.
func (d *departures) takes(one *Session, size int64) bool {
	return size-one.carried.Bytes() <= d.config.SessionBytes && size <= d.config.TotalBytes/2
}

// reached names the bound that one more of that size would be beyond. Empty: it has room.
func (d *departures) reached(size int64) (limit string) {
	switch {
	case d.list.Len() >= d.config.Sessions:
		return FullSessions
	case d.bytes+size > d.config.TotalBytes/2:
		return FullTotalBytes
	}
	return ""
}

// grow counts what one has become larger by, and reports false if that is too much.
func (d *departures) grow(one *Session, by int64) bool {
	if by > 0 && (one.size+by-one.carried.Bytes() > d.config.SessionBytes || d.bytes+by > d.config.TotalBytes/2) {
		return false
	}
	one.size += by
	d.bytes += by
	return true
}

// tooOld reports whether one was there for too long.
func (d *departures) tooOld(one *Session, now time.Time) bool {
	return now.Sub(one.place.Value.(departed).at) > d.config.MaxDuration
}

// old are those that are away, and were for too long.
func (d *departures) old(now time.Time) (list []*Session) {
	for e := d.list.Front(); e != nil; e = e.Next() {
		one := e.Value.(departed).Session
		if !d.tooOld(one, now) {
			break
		}
		if one.state == away { // one that is reserved goes on, as long as the log lets it
			list = append(list, one)
		}
	}
	return list
}
