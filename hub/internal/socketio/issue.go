package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// Issue says where an emission comes from.
type Issue struct {
	// Mark is that of another server. The zero Mark is one of this hub's own.
	Mark recovery.Mark
	// Unshared says that nobody else hears of it. Afterwards it says that the engine's log has to be told now (Sessions.Share),
	// as its receivers may go to other hubs.
	Unshared bool
	// Place is set: how far the namespace has come with it. It is zero where sessions are not shared.
	Place recovery.Place
}

// Marked is the Mark of another server's command.
func Marked(o cluster.Origin) recovery.Mark {
	return recovery.Mark{Of: o.At, Hub: o.Hub, Number: o.Number, Foreign: true}
}

// note is where a namespace is behind a command that nobody here gets. With mu held.
func (r *recovering) note(m recovery.Mark) recovery.Place {
	if !r.store.Shared() {
		return recovery.Place{}
	}
	return r.log.Note(m)
}
