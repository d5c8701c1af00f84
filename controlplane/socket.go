package controlplane

import (
	"sync"
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

// socket is what the control plane keeps for a browser in a namespace. It hangs at
// the hub's socket, so that nobody looks it up.
type socket struct {
	srv   *Server
	hub   *hub.Socket
	meter park.Meter
	grant *grant        // what came with its accept; nil when there is nothing to keep
	trace *traceContext // nil where its browser's opening request had none

	// Owned by the hub's calls for this socket, which come one at a time.
	table *table
	view  view

	// proto is the socket in the contract's words, as long as its data and its transport
	// do not change.
	proto atomic.Pointer[hubv1.Socket]
	bare  atomic.Pointer[bareSocket]
	// members are the groups that may hear of the socket: few, read without a lock,
	// replaced as a whole.
	members atomic.Pointer[[]*member]

	memory *memory // nil while recovery is off

	mu   sync.Mutex // guards changes of members, and the fields below; taken before a dispatch group's
	gone bool
	// before are the members of its earlier life that it has to follow. Nil: there are none.
	before []*member
}

func newSocket(s *Server, hs *hub.Socket, g *grant) *socket {
	so := &socket{srv: s, hub: hs, grant: g}
	if parent, state := contract.TraceOf(hs.Handshake()); parent != "" || state != "" {
		so.trace = &traceContext{parent, state}
	}
	return so
}

// traceContext is the W3C trace context of a browser's opening request.
type traceContext struct{ parent, state string }

// look returns the routes of the socket's namespace, from the current table.
func (s *socket) look(t *table) view {
	if s.table != t {
		s.table, s.view = t, t.View(s.hub.Namespace())
	}
	return s.view
}

// member returns the socket's member for a group, made if it is not there; nil once
// the socket has gone.
func (s *socket) member(g *group) *member {
	for _, m := range s.all() {
		if m.group == g {
			return m
		}
	}
	return s.join(g)
}

// all are the groups that may hear of the socket.
func (s *socket) all() []*member {
	if all := s.members.Load(); all != nil {
		return *all
	}
	return nil
}

func (s *socket) join(g *group) *member {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil
	}
	members := append([]*member(nil), s.all()...)
	for _, m := range members {
		if m.group == g {
			return m
		}
	}
	m := &member{socket: s, group: g}
	m.lane = g.NewLane(m, &s.meter)
	if s.grant != nil && s.grant.group == g {
		m.lane.Prefer(&s.grant.instance)
	}
	s.succeedLocked(m)
	members = append(members, m)
	s.members.Store(&members)
	return m
}

// leave lets nobody join any more and returns who has.
func (s *socket) leave() []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	return s.all()
}

// Message implements copies.Socket: it is the socket in the contract's words. It is shared by all deliveries
// until something of it changes, and never written again.
func (s *socket) Message() *hubv1.Socket {
	data, version := s.hub.Data()
	transport := s.hub.Transport()
	if p := s.proto.Load(); p != nil && p.DataVersion == version && p.Transport == transport {
		return p
	}
	p := &hubv1.Socket{
		Id: s.hub.ID(), Namespace: s.hub.Namespace(), User: s.hub.User(), Data: data, DataVersion: version,
		HubId: s.srv.hubID, Transport: transport, ClientId: s.hub.ClientID(),
	}
	s.proto.Store(p)
	return p
}

// member is a socket as one group sees it. It owns a lane.
type member struct {
	socket *socket
	group  *group
	lane   *dispatch.Lane
	// cached is the interest of the instance that was asked last.
	cached atomic.Pointer[subscription.Interest]
	// told is what the instance was told last of the socket's data.
	told atomic.Pointer[toldData]
	// over says that nothing will come of the lane any more.
	over atomic.Bool
}

// toldData is a version of `socket.data` that an instance has seen.
type toldData struct {
	to      *attachment
	version uint64
}

// interest is what an instance asks for in the socket's namespace.
func (m *member) interest(a *attachment) *subscription.Interest {
	from := a.interests.Load()
	if i := m.cached.Load(); i != nil && i.Of() == from {
		return i
	}
	i := from.In(m.socket.hub.Namespace())
	m.cached.Store(i)
	return i
}

// Untell forgets what was told of the socket's data: it has not come.
func (m *member) Untell() { m.told.Store(nil) }

// Introduction implements dispatch.Owner.
func (m *member) Introduction(late, moved bool) *dispatch.Delivery {
	return &dispatch.Delivery{
		Kind: dispatch.Connected, Body: &introduction{m.socket, late, moved}, Hint: m, Bytes: m.socket.dataBytes(),
	}
}

// Overflow implements dispatch.Owner: too much of the socket waits, and its group
// wants it to begin anew.
func (m *member) Overflow() { m.socket.sendAway("too many events wait for " + m.group.name) }

// Hold implements dispatch.Owner.
func (m *member) Hold(from, to dispatch.Hold) { m.socket.hub.HoldReads(holds[from], holds[to]) }

var holds = [...]hub.Hold{
	dispatch.HoldNone: hub.HoldNone, dispatch.HoldEvents: hub.HoldEvents, dispatch.HoldAll: hub.HoldAll,
}

// Starved implements dispatch.Owner: no service came for what the socket has sent.
func (m *member) Starved() { m.socket.sendAway("no service") }

// LaneEnded implements dispatch.Owner: whoever comes back need not wait for it.
func (m *member) LaneEnded() {
	m.over.Store(true)
	if kept := m.socket.memory; kept != nil {
		kept.ended(m)
	}
}

// sendAway closes the browser's connection, so that its client comes back.
func (s *socket) sendAway(detail string) {
	_, _ = s.srv.hub.Disconnect(nil, hub.Target{Namespace: s.hub.Namespace(), Sockets: []string{s.hub.ID()}},
		hub.DisconnectOptions{MayReturn: true, Detail: detail})
}

// dataBytes is the size of what rides on the socket's deliveries.
func (s *socket) dataBytes() int {
	data, _ := s.hub.Data()
	return len(data)
}

// introduction is the body of a Connected.
type introduction struct {
	socket      *socket
	late, moved bool
}
