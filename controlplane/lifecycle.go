package controlplane

import (
	"hash/maphash"
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// departure is the body of a Disconnected.
type departure struct {
	socket *socket
	hub.Disconnect
	time time.Time
}

// Connected implements hub.Application.
func (s *Server) Connected(hs *hub.Socket) {
	// The tag is set before the table is looked at. A hello does it the other way
	// round: it changes the table, then looks at the tags of the sockets that are there.
	// So one of the two introduces the socket, and Introduce does it once.
	so, ok := hs.Tag().(*socket)
	if !ok {
		so = newSocket(s, hs, nil)
		hs.SetTag(so)
	}
	if s.debugging() {
		s.debugSocket("socket connected", subjectOfSocket(hs), "transport", hs.Transport())
	}
	so.resume()
	so.introduce(s.routes.table.Load(), false)
	s.renewals.add(so)
	s.observers.Connected(so)
}

// introduce tells the groups of a socket that want to hear of it without an event.
// It is called from the hub's call for the socket, or from a roll call.
func (s *socket) introduce(t *table, late bool) {
	for _, c := range t.View(s.hub.Namespace()).Handlers() {
		if !c.Policy.eager {
			continue
		}
		if m := s.member(c.Group); m != nil {
			m.lane.SetAnew(c.Policy.anew)
			m.lane.Introduce(late)
		}
	}
}

// Event implements hub.Application.
func (s *Server) Event(e *hub.Event) {
	so, _ := e.Socket.Tag().(*socket)
	if so == nil {
		return
	}
	v := so.look(s.routes.table.Load())
	if v.Observed() {
		s.observers.Event(so, e)
	}
	c := v.Handler(e.Name)
	if c == nil {
		s.unhandledEvent(v, so, e)
		return
	}
	m := so.member(c.Group)
	if m == nil {
		return
	}
	m.lane.SetAnew(c.Policy.anew)
	size := len(e.Args) + so.dataBytes()
	for _, a := range e.Attachments {
		size += len(a)
	}
	m.lane.Push(&dispatch.Delivery{
		Kind: dispatch.Event, Body: e, Hint: m, Bytes: size, Like: likeOf(e.Name), Overflow: c.Policy.newest.WhenFull,
	})
}

// likeness tells names apart; nobody knows which ones are taken for the same.
var likeness = maphash.MakeSeed()

// likeOf is a number for the events of a name.
func likeOf(name string) uint32 { return uint32(maphash.String(likeness, name)) }

// Disconnected implements hub.Application.
func (s *Server) Disconnected(hs *hub.Socket, d hub.Disconnect) {
	so, _ := hs.Tag().(*socket)
	if so == nil {
		return
	}
	if s.debugging() {
		s.debugSocket("socket disconnected", subjectOfSocket(hs), "reason", string(d.Reason), "detail", d.Detail)
	}
	gone := &departure{so, d, time.Now()}
	t := s.routes.table.Load()
	left := so.leave()
	if so.memory != nil {
		so.memory.leave(left)
	}
	for _, m := range left {
		m.lane.Leave(&dispatch.Delivery{
			Kind: dispatch.Disconnected, Body: gone, Hint: m, Bytes: so.dataBytes(),
		}, graceOf(t, m))
	}
	if end := s.renewals.remove(so); so.memory != nil {
		so.memory.expire.set(end)
	}
	s.commands.OpenAcks().EndSocket(hs.ID())
	s.observers.Disconnected(so, gone)
}

// graceOf is how long a group wants a disconnected to be held back.
func graceOf(t *table, m *member) time.Duration {
	for _, c := range t.View(m.socket.hub.Namespace()).Handlers() {
		if c.Group == m.group {
			return c.Policy.newest.Grace
		}
	}
	return 0
}
