package socketio

import (
	"slices"
	"strings"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/rooms"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Emit sends an event to the sockets that the target picks. It is encoded once for each form that a receiver speaks,
// and all their sessions get the same messages. A nil batch writes at once.
//
// The caller has checked the message and keeps its bytes unchanged until Emit returns.
func (s *Server) Emit(b *engineio.Batch, name string, t cluster.Target, m cluster.Message) Outcome {
	return s.EmitAs(b, name, t, m, &Issue{})
}

// EmitAs is Emit that says where the emission comes from, and learns where it stands.
func (s *Server) EmitAs(b *engineio.Batch, name string, t cluster.Target, m cluster.Message, is *Issue) Outcome {
	n := s.namespaces.lookup(name)
	if n == nil {
		is.Place, is.Unshared = s.placeOfNobody(is.Mark), is.Unshared && s.sharing.Load()
		return Outcome{}
	}
	o := n.emit(b, t, &m, is)
	s.trace.eventSent(name, m.Event, o)
	s.emitted(name, t, m)
	return o
}

// EmitBelow is EmitAs to every namespace here whose name starts with the prefix and is longer, but for those of
// Config.Private. It learns nothing.
func (s *Server) EmitBelow(b *engineio.Batch, prefix string, t cluster.Target, m cluster.Message, is Issue) (o Outcome) {
	s.namespaces.byName.Range(func(key, _ any) bool {
		if name := key.(string); len(name) > len(prefix) && strings.HasPrefix(name, prefix) && !slices.Contains(s.private, name) {
			own := is
			one := s.EmitAs(b, name, t, m, &own)
			o.Matched += one.Matched
			o.Queued += one.Queued
			o.Dropped += one.Dropped
			o.Stored += one.Stored
		}
		return true
	})
	return o
}

func (n *namespace) emit(b *engineio.Batch, t cluster.Target, m *cluster.Message, is *Issue) (o Outcome) {
	if n.recovering != nil && !m.Volatile {
		return n.emitKept(b, t, m, is)
	}
	is.Unshared = false
	members := pick(n.rooms, t)
	defer members.release()
	if len(members.list) == 0 {
		return o
	}
	own := batches.orOwn(b)
	defer own.release()
	p := siopacket.Packet{Type: siopacket.Event, Namespace: n.name, Name: m.Event, Payload: m.Args}
	e := emission{parsers: &n.server.parsers, packet: p, attachments: m.Attachments, shared: len(members.list) > 1}
	f := flags{volatile: m.Volatile, noCompress: m.NoCompress}
	for _, member := range members.list {
		s := member.(*Socket)
		o.add(s.send(own.Batch, e.unit(s.client.form), f))
	}
	return o
}

// UpdateRooms makes sockets join and then leave rooms. limited counts those that would be in too many.
func (s *Server) UpdateRooms(name string, t cluster.Target, join, leave []string) (o Outcome, limited int) {
	n := s.namespaces.lookup(name)
	if n == nil {
		return Outcome{}, 0
	}
	o, limited = n.updateRooms(t, join, leave)
	return o, limited
}

// Disconnect makes sockets leave.
func (s *Server) Disconnect(b *engineio.Batch, name string, t cluster.Target, e Eviction) Outcome {
	n := s.namespaces.lookup(name)
	if n == nil {
		return Outcome{}
	}
	o := n.disconnect(b, t, e)
	return o
}

// picked is a list of receivers, in a buffer that is used again.
type picked struct {
	list []rooms.Member
}

var pickedPool = sync.Pool{New: func() any { return new(picked) }}

// pick asks a table who receives.
func pick(a *rooms.Table, t cluster.Target) *picked {
	p := pickedPool.Get().(*picked)
	p.list = a.Select(t, p.list)
	return p
}

func (p *picked) release() {
	const most = 1 << 16 // a larger buffer is not worth keeping
	if cap(p.list) > most {
		return
	}
	clear(p.list)
	p.list = p.list[:0]
	pickedPool.Put(p)
}
