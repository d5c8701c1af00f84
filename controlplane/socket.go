package controlplane

import (
	"sync"
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// socket is what the control plane keeps for a browser in a namespace. It hangs at
// the hub's socket, so that nobody looks it up.
type socket struct {
	hub   *hub.Socket
	meter park.Meter

	// Owned by the hub's calls for this socket, which come one at a time.
	table *table
	view  view

	// proto is the socket in the contract's words, as long as its data does not change.
	proto atomic.Pointer[hubv1.Socket]
	// members are the groups that may hear of the socket: few, read without a lock,
	// replaced as a whole.
	members atomic.Pointer[[]*member]

	mu   sync.Mutex // guards changes of members, and gone; a leaf
	gone bool
}

type (
	claim = route.Claim[*group, policy]
	table = route.Table[*group, policy]
	view  = route.View[*group, policy]
)

// member is a socket as one group sees it. It owns a lane.
type member struct {
	socket *socket
	group  *group
	lane   *dispatch.Lane
}

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
	if all := s.members.Load(); all != nil {
		for _, m := range *all {
			if m.group == g {
				return m
			}
		}
	}
	return s.join(g)
}

func (s *socket) join(g *group) *member {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil
	}
	var members []*member
	if all := s.members.Load(); all != nil {
		members = append(members, *all...)
	}
	for _, m := range members {
		if m.group == g {
			return m
		}
	}
	m := &member{socket: s, group: g}
	m.lane = g.NewLane(m, &s.meter)
	members = append(members, m)
	s.members.Store(&members)
	return m
}

// leave lets nobody join any more and returns who has.
func (s *socket) leave() []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if all := s.members.Load(); all != nil {
		return *all
	}
	return nil
}

// Introduction implements dispatch.Owner.
func (m *member) Introduction(late, _ bool) *dispatch.Delivery {
	return &dispatch.Delivery{Kind: dispatch.Connected, Body: &introduction{m.socket, late}}
}

// Overflow implements dispatch.Owner.
func (m *member) Overflow() {}

// introduction is the body of a Connected.
type introduction struct {
	socket *socket
	late   bool
}

// message is the socket in the contract's words. It is shared by all deliveries
// until the data changes, and never written again.
func (s *socket) message() *hubv1.Socket {
	data, version := s.hub.Data()
	if p := s.proto.Load(); p != nil && p.DataVersion == version {
		return p
	}
	p := &hubv1.Socket{
		Id: s.hub.ID(), Namespace: s.hub.Namespace(), User: s.hub.User(), Data: data, DataVersion: version,
	}
	s.proto.Store(p)
	return p
}
