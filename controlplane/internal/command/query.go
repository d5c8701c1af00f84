package command

import (
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// query carries out a query whose results come in pages.
func (e *queries) query(r Request, answers Answers) {
	p, f := e.x.pagesOf(r.Command)
	if f != nil {
		answers.Give(failed(f))
		return
	}
	answers.Pull(p)
}

// pagesOf finds what a query asks for.
func (e *queries) pagesOf(c *hubv1.Command) (*Pages, *fault.Fault) {
	var p *Pages
	var f *fault.Fault
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Fetch:
		p, f = e.x.fetch(op.Fetch)
	case *hubv1.Command_ListRooms:
		p, f = e.x.listRooms(op.ListRooms)
	case *hubv1.Command_ListUsers:
		p, f = e.x.listUsers(op.ListUsers)
	default:
		f = fault.New(fault.UnknownField, "the hub does not carry it out")
	}
	return p, f.Under(OpName(c))
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
func (e *queries) fetch(q *hubv1.Fetch) (*Pages, *fault.Fault) {
	sockets, err := e.x.hub.FetchSockets(targetOf(q.GetTarget()))
	if err != nil {
		return nil, fault.Of(err, "")
	}
	held, f := e.x.reserve(len(sockets), 0)
	if f != nil {
		return nil, f
	}
	size := pageSize(q.GetPageSize())
	// The first socket that did not fit the page before is made already.
	var left *hubv1.SocketInfo
	return &Pages{held: held, fill: func(r *hubv1.Result) bool {
		bytes := 0
		for left != nil || len(sockets) > 0 {
			if left == nil {
				left = e.x.infoOf(sockets[0], q.GetIncludeHandshake())
				sockets[0] = nil
				sockets = sockets[1:]
				continue
			}
			n := proto.Size(left) + 8
			if len(r.Sockets) == size || (len(r.Sockets) > 0 && bytes+n > pageBytes) {
				return true
			}
			r.Sockets = append(r.Sockets, left)
			bytes += n
			left = nil
		}
		return false
	}}, nil
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
func (e *queries) listRooms(q *hubv1.ListRooms) (*Pages, *fault.Fault) {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return nil, f
	}
	after, f := readToken(tokenOfRooms, q.GetPageToken())
	if f != nil {
		return nil, f
	}
	return listed(e.x, listing[hub.RoomInfo]{
		key:  cursorKey{tokenOfRooms, q.GetNamespace(), q.GetPrefix(), after},
		look: e.x.hub.Rooms, size: pageSize(q.GetPageSize()),
		name: func(room *hub.RoomInfo) string { return room.Name },
		put: func(r *hubv1.Result, room *hub.RoomInfo) {
			r.Rooms = append(r.Rooms, &hubv1.Room{Name: room.Name, SocketCount: uint32(room.Sockets)})
		},
	})
}

// listUsers finds users.
func (e *queries) listUsers(q *hubv1.ListUsers) (*Pages, *fault.Fault) {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return nil, f
	}
	after, f := readToken(tokenOfUsers, q.GetPageToken())
	if f != nil {
		return nil, f
	}
	return listed(e.x, listing[hub.UserInfo]{
		key:  cursorKey{tokenOfUsers, q.GetNamespace(), q.GetPrefix(), after},
		look: e.x.hub.ListUsers, size: pageSize(q.GetPageSize()),
		name: func(user *hub.UserInfo) string { return user.User },
		put: func(r *hubv1.Result, user *hub.UserInfo) {
			r.Users = append(r.Users, &hubv1.User{Id: user.User, SocketCount: uint32(user.Sockets)})
		},
	})
}

// countUsers counts.
func (e *queries) countUsers(q *hubv1.CountUsers) *hubv1.Result {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return failed(f.Under("count_users"))
	}
	return &hubv1.Result{Count: uint32(e.x.hub.CountUsers(q.GetNamespace()))}
}

// listing is a list that is sorted by name.
type listing[T any] struct {
	key  cursorKey
	look func(namespace, prefix string) []T
	size int
	name func(*T) string
	put  func(*hubv1.Result, *T)
}

// find is what is left of the list behind a name: what a call for the page before has left, or what there is now.
func (l *listing[T]) find(c *cursors) (rest []T, bytes int64, made time.Time) {
	if l.key.after != "" {
		if kept := c.take(l.key); kept != nil {
			return kept.rest.([]T), kept.bytes, kept.made
		}
	}
	made = time.Now()
	all := l.look(l.key.namespace, l.key.prefix)
	rest = all[sort.Search(len(all), func(i int) bool { return l.name(&all[i]) > l.key.after }):]
	for i := range all { // the rest keeps all of them
		bytes += int64(len(l.name(&all[i]))) + entryKeep
	}
	return rest, bytes, made
}

// listed are the pages of a list, from behind a name.
func listed[T any](x *Executor, l listing[T]) (*Pages, *fault.Fault) {
	rest, bytes, made := l.find(x.cursors)
	held, f := x.reserve(0, int(bytes))
	if f != nil {
		return nil, f
	}
	fill := func(r *hubv1.Result) bool {
		n := min(l.size, len(rest))
		for i := range rest[:n] {
			l.put(r, &rest[i])
		}
		if n > 0 {
			l.key.after = l.name(&rest[n-1])
		}
		rest = rest[n:]
		return len(rest) > 0
	}
	keep := func() {
		x.cursors.keep(&cursor{key: l.key, rest: rest, bytes: bytes, made: made})
	}
	return &Pages{held: held, fill: fill, keep: keep}, nil
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
