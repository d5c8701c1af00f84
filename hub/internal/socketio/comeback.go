package socketio

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/internal/sampledlog"
)

// comeback is the part of a server by which browsers come back to it, or leave for other hubs and come from there. It has what
// the namespaces share of that; what each has is its recovering.
type comeback struct {
	// set at construction

	// recovery has the sessions. Nil: it is off, and nothing else of this is used.
	recovery     *recovery.Store
	without      []string // Recovering.Without
	detection    time.Duration
	recoveryFull fullLine
	// badOffset warns of clients that name an offset that cannot be, moved of those whose rooms have changed too often.
	badOffset, moved *sampledlog.Line

	namespaces *namespaces
	notes      *notes
	trace      *tracer

	sharer
}

func (c *comeback) init(s *Server, config Config) {
	c.namespaces, c.notes, c.trace = &s.namespaces, &s.notes, &s.trace
	line := func() *sampledlog.Line { return sampledlog.New(config.Logger, recoveryWarnEvery) }
	c.recoveryFull.line, c.badOffset, c.moved = line(), line(), line()
	c.sharer.init(c, config)
	r := config.Recovery
	c.without, c.detection = r.Without, r.Detection
	if !r.Enabled {
		return
	}
	c.recovery = recovery.New(recovery.Config{
		MaxDuration: r.MaxDuration, Detection: r.Detection,
		Sessions: r.Sessions, SessionBytes: r.SessionBytes, LogBytes: r.LogBytes, TotalBytes: r.TotalBytes,
		Hub: c.hub, Forgotten: forget, Ended: c.keeper.drop,
		Full: func(limit string) {
			if c.trace.hooks.RecoveryFull != nil {
				c.trace.hooks.RecoveryFull(limit)
			}
			c.recoveryFull.limit.Store(&limit)
		},
	})
}

// recoveryWarnEvery is the time from one warning to the next.
const recoveryWarnEvery = time.Minute

// fullLine warns of a bound that was reached with locks held, without them.
type fullLine struct {
	limit atomic.Pointer[string] // what there is to warn of
	line  *sampledlog.Line
}

// write writes the line if there is something. Nothing is locked.
func (f *fullLine) write() {
	if f.limit.Load() == nil {
		return
	}
	if limit := f.limit.Swap(nil); limit != nil {
		f.line.Warn("what is kept for browsers that are away is full: some of them begin anew when they come back",
			"option", "recovery."+*limit)
	}
}

// Recovers reports whether clients may take up sessions.
func (c *comeback) Recovers() bool { return c.recovery != nil }

// Kept is what is kept for clients that are away.
func (c *comeback) Kept() recovery.Sizes {
	if c.recovery == nil {
		return recovery.Sizes{}
	}
	return c.recovery.Sizes()
}

// placeOfNobody is that of a command in a namespace in which nobody is.
func (c *comeback) placeOfNobody(m recovery.Mark) (p recovery.Place) {
	if c.recovery != nil && c.recovery.Shared() && !m.Foreign {
		p.Own = c.recovery.Logs.Draw()
	}
	return p
}

// Number is the place of a command of this hub's own that is no emission, and has been carried out here.
func (c *comeback) Number(namespace string) recovery.Place {
	n := c.namespaces.lookup(namespace)
	if n == nil || n.recovering == nil {
		return c.placeOfNobody(recovery.Mark{})
	}
	n.recovering.mu.Lock()
	defer n.recovering.mu.Unlock()
	return n.recovering.note(recovery.Mark{})
}

// beginsAnew ends a session that a browser had reserved, as it cannot be taken up without a gap, and tells why: an error
// of missed or recovery.ErrOffset, or nil where it has ended meanwhile. Nothing is locked.
func (c *comeback) beginsAnew(session *recovery.Session, err error) {
	why := RecoveryGap
	switch {
	case errors.Is(err, recovery.ErrOffset):
		why = RecoveryOffset
		c.badOffset.Warn("a browser that comes back names an offset that is none of its session's, and begins anew",
			"namespace", shortened(session.Namespace()), "help", "a volatile event whose last argument is a string passes for an offset")
	case errors.Is(err, recovery.ErrMoved):
		why = RecoveryRooms
		c.moved.Warn("the rooms of a browser that comes back have changed too often to know what it has missed, and it begins anew",
			"namespace", shortened(session.Namespace()), "most", recovery.MaxChanges)
	case errors.Is(err, errTooMuch), errors.Is(err, recovery.ErrTooMuch):
		c.trace.limitReached("outbox_bytes")
		c.recoveryFull.line.Warn("a browser that comes back has missed more than its outbox holds, and begins anew",
			"option", "limits.outbox_bytes")
	}
	endReserved(session, why)
}

// close ends it, with all clients: those that are away may go on at other hubs.
func (c *comeback) close() {
	if c.recovery != nil {
		c.keeper.close()
		c.keepAway()
		c.recovery.Close()
	}
}
