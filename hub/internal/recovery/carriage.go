package recovery

import (
	"slices"

	"github.com/siohub/siohub/hub/cluster"
)

// Carried is a packet that a session may have missed at another hub.
type Carried struct {
	// Offset is what its browser knows it by, which stands at the end of its arguments.
	Offset  string
	Message cluster.Message
}

// Carriage is what a session brought from another hub, oldest first. It never changes.
type Carriage struct {
	// Since is the offset behind which that is, unless Named is false: then it is where the session joined.
	Since string
	Named bool
	Items []Carried
}

// behind is what is behind an offset. ok is false if it is none of these.
func (c *Carriage) behind(offset string, named bool) (items []Carried, ok bool) {
	if c == nil {
		return nil, false
	}
	if named == c.Named && offset == c.Since {
		return c.Items, true
	}
	if !named {
		return nil, false
	}
	at := slices.IndexFunc(c.Items, func(item Carried) bool { return item.Offset == offset })
	return c.Items[at+1:], at >= 0
}

// Bytes is what it holds.
func (c *Carriage) Bytes() (size int64) {
	if c == nil {
		return 0
	}
	for i := range c.Items {
		e := Entry{Message: c.Items[i].Message}
		size += e.count() + int64(len(c.Items[i].Offset))
	}
	return size
}

// Had reports whether a session that came from another hub had something there already.
func (s *Session) Had(m *Mark) bool { return s.past.has(m) }

// DropCarried forgets what a session brought along: its browser has it, and names the last of it until it gets more.
func (s *Session) DropCarried() {
	s.past = nil
	if c := s.carried; c != nil && len(c.Items) > 0 {
		s.carried = &Carriage{Since: c.Items[len(c.Items)-1].Offset, Named: true}
	}
}

// IsNew reports whether a session came from another hub a short while ago: there is something that DropCarried would forget.
func (s *Session) IsNew() bool { return s.past != nil }

// Carries is what DropCarried would free, in bytes.
func (s *Session) Carries() int64 { return s.carried.Bytes() }

// Resume finds what a session that is away has missed in a log by what its browser claims: what it brought along
// comes first, and then what is behind a position.
//
// Errors: ErrOffset, ErrMoved, ErrGone.
func (s *Session) Resume(l *Log, c Claim) (from uint64, first []Carried, err error) {
	if items, ok := s.carried.behind(c.Offset, c.Named); ok {
		if from, err = s.Trail.Resume(0, false); err != nil {
			return 0, nil, err
		}
		return from, items, l.has(from)
	}
	at, ok := l.of.ParseOffset(c.Offset)
	if c.Named && !ok || !c.Named && s.carried != nil {
		return 0, nil, ErrOffset
	}
	if from, err = s.Trail.Resume(at, c.Named); err != nil {
		return 0, nil, err
	}
	return from, nil, l.has(from)
}

// has returns ErrGone if something behind a position has gone.
func (l *Log) has(after uint64) error {
	if _, ok := l.Read(after, nil); !ok {
		return ErrGone
	}
	return nil
}
