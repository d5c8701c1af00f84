package command

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

// query carries out a query whose results come in pages.
func (e *queries) query(c *hubv1.Command, answers Answers) {
	e.x.pagesOf(c, func(p *Pages, f *fault.Fault) {
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
		e.x.fetch(op.Fetch, found)
	case *hubv1.Command_ListRooms:
		e.x.listRooms(op.ListRooms, found)
	case *hubv1.Command_ListUsers:
		e.x.listUsers(op.ListUsers, found)
	default:
		found(nil, fault.New(fault.UnknownField, "the hub does not carry it out"))
	}
}

// countSockets counts.
func (e *queries) countSockets(c *hubv1.Count) *hubv1.Result {
	n, err := e.x.hub.CountSockets(targetOf(c.GetTarget()))
	if err != nil {
		return failed(fault.Of(err, "count"))
	}
	return &hubv1.Result{Count: uint32(n)}
}

// fetch finds sockets. Who has left before its page is made is left out.
func (e *queries) fetch(q *hubv1.Fetch, then func(*Pages, *fault.Fault)) {
	sockets, err := e.x.hub.FetchSockets(targetOf(q.GetTarget()))
	if err != nil {
		then(nil, fault.Of(err, ""))
		return
	}
	if e.x.alone() || e.x.hub.Cluster().Holds(targetOf(q.GetTarget())) {
		held, f := e.x.reserve(len(sockets), 0)
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
	e.x.gather(question, len(sockets), func(g *gathered, f *fault.Fault) {
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
			info := e.x.infoOf(sockets[0], q.GetIncludeHandshake())
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
			HubId: e.x.config.HubID, Transport: s.Transport(), ClientId: s.ClientID(),
		},
		Rooms: rooms, ConnectTime: timestamppb.New(s.ConnectTime()),
	}
	if handshake {
		info.Handshake = e.x.config.Handshake(s.Handshake())
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
	listed(e.x, listing[hub.RoomInfo]{
		kind: cluster.ListRooms, of: func(s cluster.Size) hub.RoomInfo { return hub.RoomInfo(s) },
		add:  func(room *hub.RoomInfo, more int) { room.Sockets += more },
		key:  cursorKey{tokenOfRooms, q.GetNamespace(), q.GetPrefix(), after},
		look: e.x.hub.Rooms, size: pageSize(q.GetPageSize()),
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
	listed(e.x, listing[hub.UserInfo]{
		kind: cluster.ListUsers, of: func(s cluster.Size) hub.UserInfo { return hub.UserInfo{User: s.Name, Sockets: s.Sockets} },
		add:  func(user *hub.UserInfo, more int) { user.Sockets += more },
		key:  cursorKey{tokenOfUsers, q.GetNamespace(), q.GetPrefix(), after},
		look: e.x.hub.ListUsers, size: pageSize(q.GetPageSize()),
		name: func(user *hub.UserInfo) string { return user.User },
		put: func(r *hubv1.Result, user *hub.UserInfo) {
			r.Users = append(r.Users, &hubv1.User{Id: user.User, SocketCount: uint32(user.Sockets)})
		},
	}, then)
}

// countUsers counts.
func (e *queries) countUsers(q *hubv1.CountUsers) *hubv1.Result {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return failed(f.Under("count_users"))
	}
	return &hubv1.Result{Count: uint32(e.x.hub.CountUsers(q.GetNamespace()))}
}

// checkNamespace refuses what is no namespace, or is many.
func checkNamespace(namespace string) *fault.Fault {
	switch err := route.CheckNamespace(namespace); {
	case namespace == "":
		return fault.At(fault.Required, "namespace", "a namespace with its leading slash is required")
	case strings.HasSuffix(namespace, "*"):
		return fault.At(fault.Pattern, "namespace", "is one namespace, no pattern")
	case err != nil:
		return fault.At(fault.BadNamespace, "namespace", strings.TrimPrefix(err.Error(), "route: "))
	}
	return nil
}
