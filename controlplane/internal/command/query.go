package command

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

// queries carries out what asks and changes nothing, here and at the other hubs. Its methods are safe for concurrent use.
type queries struct {
	// Set by New.
	trace     Trace
	hubID     string
	handshake func(*hub.Handshake) *hubv1.Handshake
	// snapshots bounds what was found and waits to be read.
	snapshots *park.Budget
	// cursors are lists whose pages are asked for one by one.
	cursors *cursors

	// Set by Bind, before there is traffic.
	hub *hub.Hub
}

// newQueries bounds in bytes what was found and waits, and what is left of lists: so many for each.
func newQueries(config *Config, bytes int64) queries {
	return queries{
		trace: config.Trace, hubID: config.HubID, handshake: config.Handshake,
		snapshots: park.NewBudget(bytes), cursors: newCursors(bytes),
	}
}

// query carries out a query whose results come in pages.
func (e *queries) query(c *hubv1.Command, answers Answers) {
	e.pagesOf(c, func(p *Pages, f *fault.Fault) {
		if f != nil {
			answers.Give(failed(f))
			return
		}
		answers.Pull(p)
	})
}

// pagesOf finds what a query asks for: at once, or when the other hubs have answered.
func (e *queries) pagesOf(c *hubv1.Command, then func(*Pages, *fault.Fault)) {
	found := func(p *Pages, f *fault.Fault) { then(p, f.Under(OpName(c))) }
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Fetch:
		e.fetch(op.Fetch, found)
	case *hubv1.Command_ListRooms:
		e.listRooms(op.ListRooms, found)
	case *hubv1.Command_ListUsers:
		e.listUsers(op.ListUsers, found)
	default:
		found(nil, fault.New(fault.UnknownField, "the hub does not carry it out"))
	}
}

// fetch finds sockets. Who has left before its page is made is left out.
func (e *queries) fetch(q *hubv1.Fetch, then func(*Pages, *fault.Fault)) {
	sockets, err := e.hub.FetchSockets(targetOf(q.GetTarget()))
	if err != nil {
		then(nil, fault.Of(err, ""))
		return
	}
	if alone(e.hub) || e.hub.Cluster().Holds(targetOf(q.GetTarget())) {
		held, f := e.reserve(len(sockets), 0)
		if f != nil {
			then(nil, f)
			return
		}
		then(e.socketPages(q, sockets, &gathered{held: held}), nil)
		return
	}
	question := &cluster.Question{
		Kind: cluster.Fetch, Namespace: q.GetTarget().GetNamespace(), Target: targetOf(q.GetTarget()).Everywhere(), Handshakes: q.GetIncludeHandshake(),
	}
	e.gather(question, len(sockets), func(g *gathered, f *fault.Fault) {
		if f != nil {
			then(nil, f)
			return
		}
		then(e.socketPages(q, sockets, g), nil)
	})
}

// socketPages are the pages of sockets here, then of those that others have told of.
func (e *queries) socketPages(q *hubv1.Fetch, sockets []*hub.Socket, others *gathered) *Pages {
	next := func() *hubv1.SocketInfo {
		for len(sockets) > 0 {
			info := e.infoOf(sockets[0], q.GetIncludeHandshake())
			sockets[0] = nil
			if sockets = sockets[1:]; info != nil {
				return info
			}
		}
		return others.nextSocket()
	}
	size := pageSize(q.GetPageSize())
	// The first socket that did not fit the page before is made already.
	left := next()
	return &Pages{held: others.held, missing: others.missing, fill: func(r *hubv1.Result) bool {
		for bytes := 0; left != nil; left = next() {
			n := proto.Size(left) + 8
			if len(r.Sockets) == size || (len(r.Sockets) > 0 && bytes+n > pageBytes) {
				return true
			}
			r.Sockets = append(r.Sockets, left)
			bytes += n
		}
		return false
	}}
}

// infoOf describes a socket. Nil when it has left.
func (e *queries) infoOf(s *hub.Socket, handshake bool) *hubv1.SocketInfo {
	rooms := s.Rooms()
	if !s.Connected() {
		return nil
	}
	data, version := s.Data()
	info := &hubv1.SocketInfo{
		Socket: &hubv1.Socket{
			Id: s.ID(), Namespace: s.Namespace(), User: s.User(), Data: data, DataVersion: version,
			HubId: e.hubID, Transport: s.Transport(), ClientId: s.ClientID(),
		},
		Rooms: rooms, ConnectTime: timestamppb.New(s.ConnectTime()),
	}
	if handshake {
		info.Handshake = e.handshake(s.Handshake())
	}
	return info
}

// listRooms finds rooms.
func (e *queries) listRooms(q *hubv1.ListRooms, then func(*Pages, *fault.Fault)) {
	after, f := listFrom(tokenOfRooms, q)
	if f != nil {
		then(nil, f)
		return
	}
	listed(e, listing[hub.RoomInfo]{
		kind: cluster.ListRooms, of: func(s cluster.Size) hub.RoomInfo { return hub.RoomInfo(s) },
		add:  func(room *hub.RoomInfo, more int) { room.Sockets += more },
		key:  cursorKey{tokenOfRooms, q.GetNamespace(), q.GetPrefix(), after},
		look: e.hub.Rooms, size: pageSize(q.GetPageSize()),
		name: func(room *hub.RoomInfo) string { return room.Name },
		put: func(r *hubv1.Result, room *hub.RoomInfo) {
			r.Rooms = append(r.Rooms, &hubv1.Room{Name: room.Name, SocketCount: uint32(room.Sockets)})
		},
	}, then)
}

// listUsers finds users.
func (e *queries) listUsers(q *hubv1.ListUsers, then func(*Pages, *fault.Fault)) {
	after, f := listFrom(tokenOfUsers, q)
	if f != nil {
		then(nil, f)
		return
	}
	listed(e, listing[hub.UserInfo]{
		kind: cluster.ListUsers, of: func(s cluster.Size) hub.UserInfo { return hub.UserInfo{User: s.Name, Sockets: s.Sockets} },
		add:  func(user *hub.UserInfo, more int) { user.Sockets += more },
		key:  cursorKey{tokenOfUsers, q.GetNamespace(), q.GetPrefix(), after},
		look: e.hub.ListUsers, size: pageSize(q.GetPageSize()),
		name: func(user *hub.UserInfo) string { return user.User },
		put: func(r *hubv1.Result, user *hub.UserInfo) {
			r.Users = append(r.Users, &hubv1.User{Id: user.User, SocketCount: uint32(user.Sockets)})
		},
	}, then)
}
