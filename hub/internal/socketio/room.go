package socketio

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Rooms say where what clients send is kept until it has been acted on. Their methods are safe for concurrent use.
type Rooms struct {
	admission *admission
	parsers   *parsers
	// As Config has them; either may be nil.
	of      func(namespace, event string) engineio.Room
	crowded func() bool
}

// Rooms are those of the server.
func (s *Server) Rooms() *Rooms { return &s.rooms }

// Crowded implements engineio.Rooms: whether a Room may be full for anybody.
func (r *Rooms) Crowded() bool {
	return r.admission.full.Load() || r.crowded != nil && r.crowded()
}

// Room implements engineio.Rooms: where a message is kept that begins so. It is called outside of
// the client's gate, while the message before may be acted on: attachments are the session's affair.
func (r *Rooms) Room(session *engineio.Session, begin []byte, binary bool) engineio.Room {
	if parser, ok := r.parsers.of(formOf(binary)).(siopacket.Peeker); ok {
		if p, ok := parser.Peek(begin); ok {
			return r.roomOf(session, p.Type, p.Namespace, p.Name)
		}
	}
	return r.roomOf(session, siopacket.Event, "", "")
}

// roomOf is where a packet is kept. What a client sends that has never been let in is kept with its attempts; of others
// those who decide that it is an early packet see to the rest, see early.keep.
func (r *Rooms) roomOf(session *engineio.Session, kind siopacket.Type, namespace, event string) engineio.Room {
	switch {
	case !session.HasJoined():
		return r.admission
	case kind != siopacket.Event || r.of == nil:
		return nil
	}
	return r.of(namespace, event)
}

// Full implements engineio.Room: whether there is no room for more of what clients send before it is decided whether
// they may come in.
func (a *admission) Full() (option string) {
	if a.full.Load() {
		return "limits.undecided_bytes"
	}
	return ""
}
