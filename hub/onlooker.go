package hub

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Onlooker is told what is done to the sockets of this hub, by its own commands and by those of other servers, while somebody
// looks. Both functions are required, are called after it was done, by whoever did it, from many goroutines at the same time,
// and must not block. What they are passed is the caller's and must be copied.
type Onlooker struct {
	// Emitted: an event was sent to those whom the target picks.
	Emitted func(t Target, m Message)
	// DataSet: their data was changed.
	DataSet func(t Target)
}

// SetOnlooker replaces the onlooker. Nil, as at first: nobody looks, which costs nothing.
func (h *Hub) SetOnlooker(o *Onlooker) {
	if o == nil {
		h.sockets.SetOnlooker(nil)
		return
	}
	h.sockets.SetOnlooker(&socketio.Onlooker{
		Emitted: func(namespace string, t cluster.Target, m cluster.Message) {
			o.Emitted(targetIn(namespace, t), Message{Event: m.Event, Args: m.Args, Attachments: m.Attachments})
		},
		DataSet: func(namespace string, t cluster.Target) { o.DataSet(targetIn(namespace, t)) },
	})
}

// targetIn is a target as the hub's own commands have it.
func targetIn(namespace string, t cluster.Target) Target {
	return Target{
		Namespace: namespace, All: t.All, Sockets: t.Sockets, Rooms: t.Rooms, Users: t.Users,
		ExceptSockets: t.ExceptSockets, ExceptRooms: t.ExceptRooms, ExceptUsers: t.ExceptUsers,
	}
}

// SessionCount is Stats().Sessions alone, which costs nothing.
func (h *Hub) SessionCount() int { return h.engine.SessionCount() }

// PollingSessions is how many of Stats().Sessions are on polling. It looks at each session.
func (h *Hub) PollingSessions() int { return h.engine.PollingCount() }
