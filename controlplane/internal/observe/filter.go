package observe

import (
	"slices"
	"sync/atomic"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// Subject is a socket, or somebody who wants to be one.
type Subject interface {
	// ID is the id of the socket, User its user; empty: none.
	ID() string
	User() string
	// Rooms are the rooms it is in, without its own.
	Rooms() []string
}

// Target is whom something is sent to.
type Target interface {
	GetSockets() []string
	GetUsers() []string
	GetRooms() []string
}

// Filter is what one subscription wants to see. An empty list means all. It never
// changes; the zero value wants everything.
type Filter struct {
	Events, Rooms, Users, Sockets []string
}

// Event reports whether an event of this name is wanted.
func (f *Filter) Event(name string) bool {
	return len(f.Events) == 0 || slices.ContainsFunc(f.Events, func(p string) bool { return route.MatchName(p, name) })
}

// Everybody reports whether it does not matter whom something is about.
func (f *Filter) Everybody() bool { return len(f.Rooms)+len(f.Users)+len(f.Sockets) == 0 }

// Subject reports whether something about a socket is wanted: each list that is there has
// to fit.
func (f *Filter) Subject(s Subject) bool {
	switch {
	case f.Everybody():
		return true
	case len(f.Sockets) > 0 && !slices.Contains(f.Sockets, s.ID()),
		len(f.Users) > 0 && !slices.Contains(f.Users, s.User()):
		return false
	}
	return len(f.Rooms) == 0 || f.room(s.Rooms())
}

// Target reports whether something that is sent to others is wanted: it names a socket, a
// user or a room of a list that is there.
func (f *Filter) Target(t Target) bool {
	return f.Everybody() || common(f.Sockets, t.GetSockets()) || common(f.Users, t.GetUsers()) || f.room(t.GetRooms())
}

func common(wanted, names []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(names, w) })
}

func (f *Filter) room(rooms []string) bool {
	return slices.ContainsFunc(f.Rooms, func(p string) bool {
		return slices.ContainsFunc(rooms, func(room string) bool { return route.MatchName(p, room) })
	})
}

// Sampler picks one in so many, evenly. Its zero value is ready; it is safe for concurrent
// use.
type Sampler struct{ seen atomic.Uint64 }

// Pick reports whether the next one is picked: the first, and then one in so many. 0 and 1
// pick all.
func (s *Sampler) Pick(every uint32) bool {
	return every <= 1 || (s.seen.Add(1)-1)%uint64(every) == 0
}
