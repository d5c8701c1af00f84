package service

import (
	"context"
	"time"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// SocketInfo describes a live socket.
type SocketInfo struct {
	// Socket may be given commands.
	Socket *Socket
	// Rooms are those it is in, without its own, sorted.
	Rooms []string
	// Transport is that of this moment: `polling`, `websocket` or `webtransport`.
	Transport string
	// ConnectTime is when it joined the namespace.
	ConnectTime time.Time
	// Handshake is its opening request.
	Handshake *Handshake
}

// Room is a named set of sockets.
type Room struct {
	// Name is its name.
	Name string
	// Sockets is how many are in it.
	Sockets int
}

// User is somebody who has sockets in a namespace.
type User struct {
	// ID is the user id that an Accept gave.
	ID string
	// Sockets is how many there are.
	Sockets int
}

// queryPage is how many things a page has.
const queryPage = 1000

// FetchSockets returns the sockets of the target with all that is known of them, as
// they are when the query is carried out: after every command that was made before. Where
// hubs could not be asked, both are returned: what the others hold, and a
// *[MissingHubsError]. So do the other queries. A hub that says nothing for 750 ms is not waited for: another one is asked
// too, which may not have heard of those commands; a handler's query goes to the hub of its delivery alone.
func (t Target) FetchSockets(ctx context.Context) ([]*SocketInfo, error) {
	target := &hubv1.Target{}
	size, err := t.fill(target)
	if err != nil {
		return nil, err
	}
	op := &hubv1.Fetch{Target: target, IncludeHandshake: true, PageSize: queryPage}
	pages, err := query(ctx, t.svc, &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: op}}, size, t.heldBy())
	var sockets []*SocketInfo
	for _, page := range pages {
		for _, info := range page.GetSockets() {
			sockets = append(sockets, newSocketInfo(t.svc, info))
		}
	}
	return sockets, err
}

func newSocketInfo(s *Service, info *hubv1.SocketInfo) *SocketInfo {
	return &SocketInfo{
		Socket: &Socket{svc: s, s: info.GetSocket()}, Rooms: info.GetRooms(), Transport: info.GetSocket().GetTransport(),
		ConnectTime: info.GetConnectTime().AsTime(), Handshake: &Handshake{info.GetHandshake()},
	}
}

// CountSockets returns how many sockets the target picks, after every command that was
// made before.
func (t Target) CountSockets(ctx context.Context) (int, error) {
	target := &hubv1.Target{}
	size, err := t.fill(target)
	if err != nil {
		return 0, err
	}
	r, _, err := t.svc.line.ask(ctx, &hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: target}}}, size, t.heldBy())
	return int(r.GetCount()), complete(r, err)
}

// ListRooms returns the rooms of the namespace whose names start with prefix, sorted,
// after every command that was made before. Rooms of single sockets are not among them.
func (p space) ListRooms(ctx context.Context, prefix string) ([]Room, error) {
	size, err := p.checkQuery(prefix)
	if err != nil {
		return nil, err
	}
	op := &hubv1.ListRooms{Namespace: p.namespace, Prefix: prefix, PageSize: queryPage}
	pages, err := query(ctx, p.svc, &hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: op}}, size, "")
	var rooms []Room
	for _, page := range pages {
		for _, room := range page.GetRooms() {
			rooms = append(rooms, Room{Name: room.GetName(), Sockets: int(room.GetSocketCount())})
		}
	}
	return rooms, err
}

// CountUsers returns how many users have a socket in the namespace.
func (p space) CountUsers(ctx context.Context) (int, error) {
	size, err := p.checkQuery("")
	if err != nil {
		return 0, err
	}
	op := &hubv1.CountUsers{Namespace: p.namespace}
	r, _, err := p.svc.line.ask(ctx, &hubv1.Command{Op: &hubv1.Command_CountUsers{CountUsers: op}}, size, "")
	return int(r.GetCount()), complete(r, err)
}

// ListUsers returns the users who have a socket in the namespace and whose ids start with
// prefix, sorted.
func (p space) ListUsers(ctx context.Context, prefix string) ([]User, error) {
	size, err := p.checkQuery(prefix)
	if err != nil {
		return nil, err
	}
	op := &hubv1.ListUsers{Namespace: p.namespace, Prefix: prefix, PageSize: queryPage}
	pages, err := query(ctx, p.svc, &hubv1.Command{Op: &hubv1.Command_ListUsers{ListUsers: op}}, size, "")
	var users []User
	for _, page := range pages {
		for _, user := range page.GetUsers() {
			users = append(users, User{ID: user.GetId(), Sockets: int(user.GetSocketCount())})
		}
	}
	return users, err
}

// checkQuery checks a query about a whole namespace.
func (p space) checkQuery(prefix string) (size int, err error) {
	switch {
	case p.namespace == "" || p.namespace[0] != '/' || !utf8.ValidString(p.namespace):
		return 0, invalid("NAMESPACE", "namespace", "begins with a slash")
	case !utf8.ValidString(prefix):
		return 0, invalid("UTF8", "prefix", errBadUTF8.Error())
	}
	return len(p.namespace) + len(prefix) + 32, nil
}

// query asks a question whose answer comes in pages.
func query(ctx context.Context, s *Service, c *hubv1.Command, size int, at string) ([]*hubv1.Result, error) {
	last, parts, err := s.line.ask(ctx, c, size, at)
	if err != nil {
		return nil, err
	}
	return append(parts, last), complete(last, nil)
}

// complete is the error of an answer that lacks hubs.
func complete(r *hubv1.Result, err error) error {
	if missing := r.GetMissingHubIds(); err == nil && len(missing) > 0 {
		return &MissingHubsError{Hubs: missing}
	}
	return err
}
