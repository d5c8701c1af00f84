package socketio

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// rooms say where what clients send is kept until it has been acted on. Either may be nil.
type rooms struct {
	of      func(namespace, event string) engineio.Room
	crowded func() bool
}

// Crowded reports whether Room may be full for anybody; it is the engineio.Config.Crowded of a hub.
func (s *Server) Crowded() bool {
	return s.admission.full.Load() || s.rooms.crowded != nil && s.rooms.crowded()
}

// Room says where a message is kept that begins so; it is the engineio.Config.Room of a hub. It is called outside of
// the client's gate, while the message before may be acted on: attachments are the session's affair.
func (s *Server) Room(session *engineio.Session, begin []byte, binary bool) engineio.Room {
	if parser, ok := s.parsers.of(formOf(binary)).(siopacket.Peeker); ok {
		if p, ok := parser.Peek(begin); ok {
			return s.roomOf(session, p.Type, p.Namespace, p.Name)
		}
	}
	return s.roomOf(session, siopacket.Event, "", "")
}

// roomOf is where a packet is kept. What a client sends that has never been let in is kept with its attempts; of others
// those who decide that it is an early packet see to the rest, see Attempt.keep.
func (s *Server) roomOf(session *engineio.Session, kind siopacket.Type, namespace, event string) engineio.Room {
	switch {
	case !session.HasJoined():
		return &s.admission
	case kind != siopacket.Event || s.rooms.of == nil:
		return nil
	}
	return s.rooms.of(namespace, event)
}

// Full implements engineio.Room: whether there is no room for more of what clients send before it is decided whether
// they may come in.
func (a *admission) Full() (option string) {
	if a.full.Load() {
		return "limits.undecided_bytes"
	}
	return ""
}
