package recovery

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
)

// ErrTooMuch means that more was missed than may be brought along.
var ErrTooMuch = errors.New("recovery: more was missed than may be brought along")

// Retrace finds in the log of an engine what a session has missed between two hubs: the entries behind a place that were for
// it, with the rooms that it was in then, and what was done to it meanwhile.
//
// Entries of the hub that it comes from stand where that hub had them: behind what it had applied of others, by their
// numbers. They may come late in the log, as those that were for sockets there alone are put into it when the hub ends.
type Retrace struct {
	record  *Record
	session *Session // as far as targets can tell
	from    Place
	most    int64 // bytes of what may have been missed
	bytes   int64
	rooms   roomSet // all that the session may have been in: what is for no one in these is not for it
	steps   []step
}

// step is a command that may have been for the session. Those with the same place are in the order of the log.
type step struct {
	at      Place
	own     bool // of the hub that the session comes from
	command *cluster.Command
}

// NewRetrace begins behind a place, and takes most bytes at most.
func NewRetrace(r *Record, from Place, most int64) *Retrace {
	t := &Retrace{
		record: r, session: &Session{id: r.ID, user: r.User, namespace: r.Namespace}, from: from, most: most, rooms: make(roomSet),
	}
	for _, room := range r.Rooms {
		t.rooms.change(room, true)
	}
	for _, c := range r.Changes {
		t.rooms.change(c.Room, true)
	}
	return t
}

// Add takes the next command of the log. It reports false when there are too many.
func (t *Retrace) Add(c *cluster.Command) bool {
	o, r := c.Origin, t.record
	own := o.Hub == r.Hub && r.Hub != ""
	at := Place{Of: o.At}
	switch {
	case own && o.Number == 0:
		return true // from before the session was there, or not counted
	case own:
		if at = (Place{Of: o.After, Own: o.Number}); o.Number <= t.from.Own {
			return true
		}
	case c.KeepOnly || !t.from.Of.Before(o.At):
		return true
	}
	if !t.concerns(c) || r.Past.has(&Mark{Of: o.At, Hub: o.Hub, Number: o.Number, Foreign: true}) {
		return true
	}
	for _, room := range c.Join {
		t.rooms.change(room, true)
	}
	t.steps = append(t.steps, step{at: at, own: own, command: c})
	t.bytes += sizeOf(c)
	return t.bytes <= t.most
}

// concerns reports whether a command may be for the session.
func (t *Retrace) concerns(c *cluster.Command) bool {
	if c.Signal != nil || c.ServerSide != nil || c.Message != nil && c.Message.Volatile {
		return false
	}
	return c.Target.All || t.session.among(c.Target.Sockets, c.Target.Rooms, c.Target.Users, t.rooms)
}

func sizeOf(c *cluster.Command) int64 {
	e := Entry{Target: c.Target}
	if c.Message != nil {
		e.Message = *c.Message
	}
	return e.count()
}

// Found is what a Retrace has found.
type Found struct {
	// Items are the packets, with their offsets at the end of their arguments.
	Items []Carried
	// Commands were for the session after its hub had let go of it, and are no emits: they are still to be carried out.
	Commands []*cluster.Command
}

// End finds it, of what is not passed over. stamp puts an offset behind arguments.
func (t *Retrace) End(passOver func(*cluster.Command) bool, stamp func(args []byte, offset string) []byte) (found Found) {
	t.sort()
	changes := t.record.Changes
	rooms := make(roomSet, len(t.record.Rooms))
	for _, room := range t.record.Rooms {
		rooms.change(room, true)
	}
	next := len(changes)
	for ; next > 0 && changes[next-1].Place.Has(t.from); next-- {
		rooms.change(changes[next-1].Room, !changes[next-1].Joined)
	}
	reached := t.from
	for _, s := range t.steps {
		if passOver(s.command) {
			continue
		}
		for ; next < len(changes) && s.follows(changes[next].Place); next++ {
			rooms.change(changes[next].Room, changes[next].Joined)
		}
		if !t.session.matches(&s.command.Target, rooms) {
			continue
		}
		reached = s.reach(reached)
		switch {
		case s.command.Message != nil:
			m := *s.command.Message
			offset := t.offset(reached)
			m.Args = stamp(m.Args, offset)
			found.Items = append(found.Items, Carried{Offset: offset, Message: m})
		case s.follows(t.record.Left):
			found.Commands = append(found.Commands, s.command)
			for _, room := range s.command.Join {
				rooms.change(room, true)
			}
			for _, room := range s.command.Leave {
				rooms.change(room, false)
			}
		}
	}
	return found
}

// sort puts the steps into their order. What a hub says that it had applied before may be less than it was, as for namespaces
// in which nobody was there: it never becomes less.
func (t *Retrace) sort() {
	slices.SortStableFunc(t.steps, func(a, b step) int { return cmp.Compare(a.at.Own, b.at.Own) })
	var of cluster.Position
	for i := range t.steps {
		if s := &t.steps[i]; s.own {
			of = later(of, s.at.Of)
			s.at.Of = of
		}
	}
	slices.SortStableFunc(t.steps, compare)
}

// compare puts steps into the order in which the hub that the session comes from had them, or would have had.
func compare(a, b step) int {
	switch {
	case a.at.Of.Before(b.at.Of):
		return -1
	case b.at.Of.Before(a.at.Of):
		return 1
	case a.at.Own < b.at.Own:
		return -1
	case a.at.Own > b.at.Own:
		return 1
	}
	return 0
}

// follows reports whether a step is behind a place of that hub.
func (s step) follows(p Place) bool {
	if s.own {
		return s.at.Own > p.Own
	}
	return p.Of.Before(s.at.Of)
}

// reach is the place behind a step.
func (s step) reach(from Place) Place {
	from.Of = later(from.Of, s.at.Of)
	from.Own = max(from.Own, s.at.Own)
	return from
}

// offset is a place as the hub that the session comes from would write it, without a position in its own log; of a Node
// server as that does.
func (t *Retrace) offset(p Place) string {
	if t.record.Hub == "" {
		return decimal(p.Of)
	}
	var b strings.Builder
	b.WriteString(t.record.Epoch)
	b.WriteString(".0")
	b.Write(appendPlace(nil, p))
	return b.String()
}
