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

// Past is what a session had at other hubs, which may reach this one later: all up to a position of the engine's log, and of
// some hubs all up to a number.
type Past struct {
	Of  cluster.Position  `json:"o"`
	Own map[string]uint64 `json:"n,omitempty"`
}

// maxPast bounds the hubs of a Past.
const maxPast = 16

// behind is the Past of a session that was at a hub, after that of earlier ones.
func (p *Past) behind(hub string, at Place) *Past {
	next := &Past{Of: at.Of, Own: map[string]uint64{}}
	if p != nil {
		next.Of = later(next.Of, p.Of)
		for h, n := range p.Own {
			if len(next.Own) < maxPast-1 {
				next.Own[h] = n
			}
		}
	}
	if hub != "" {
		next.Own[hub] = max(next.Own[hub], at.Own)
	}
	return next
}

// has reports whether a session had that already.
func (p *Past) has(m *Mark) bool {
	if p == nil || !m.Foreign || m.Of == (cluster.Position{}) {
		return false
	}
	if n, ok := p.Own[m.Hub]; ok && m.Number > 0 && m.Number <= n {
		return true
	}
	return !p.Of.Before(m.Of)
}
