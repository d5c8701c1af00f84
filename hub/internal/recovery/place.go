package recovery

import "github.com/siohub/siohub/hub/cluster"

// Place is how far a hub had come in the order of a namespace, in words that other hubs understand: Of is what it had applied
// of others, Own the number of the last of its own commands. The places of one hub only grow, both parts of them.
type Place struct {
	Of  cluster.Position
	Own uint64
}

// Has reports whether a hub that was at p had come as far as o.
func (p Place) Has(o Place) bool { return !p.Of.Before(o.Of) && p.Own >= o.Own }

// Point is a position in a log with its place.
type Point struct {
	At    uint64
	Place Place
}

// Mark says where a command is from, as far as that is known.
//
// The zero Mark is one of this hub's own.
type Mark struct {
	// Of is the position of another's command in the engine's log.
	Of cluster.Position
	// Hub is who has published it, empty for a Node server, and Number its own number there.
	Hub    string
	Number uint64
	// Foreign says that it is another's: with a zero Of the engine has no log.
	Foreign bool
}

// past is how far a session had come at another hub: what that hub had brought it may reach this one later.
type past struct {
	hub   string
	place Place
}

// has reports whether a session had that already.
func (p *past) has(m *Mark) bool {
	switch {
	case p == nil || !m.Foreign:
		return false
	case m.Hub == p.hub && m.Hub != "":
		return m.Number <= p.place.Own
	}
	return !p.place.Of.Before(m.Of)
}
