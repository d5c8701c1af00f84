package service

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// SocketInfo describes a live socket.
type SocketInfo struct {
	// Socket may be given commands.
	Socket *Socket
	// Rooms are those it is in, without its own and its user's, sorted.
	Rooms []string
	// Transport is that of this moment: `polling` or `websocket`.
	Transport string
	// ConnectTime is when it joined the namespace.
	ConnectTime time.Time
	// Handshake is its opening request.
	Handshake *Handshake
}

// Room is a named set of sockets.
type Room struct {
	// Name is its name; rooms of users start with `user:`.
	Name string
	// Sockets is how many are in it.
	Sockets int
}

// FetchSockets returns the sockets of the target with all that is known of them,
// as they were when the call arrived. It is not ordered with commands.
func (t Target) FetchSockets(ctx context.Context) ([]*SocketInfo, error) {
	target := &hubv1.Target{}
	if _, err := t.fill(target); err != nil {
		return nil, err
	}
	control, err := t.svc.line.control(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pages, err := control.FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: target, IncludeHandshake: true}})
	if err != nil {
		return nil, queryError(err)
	}
	var sockets []*SocketInfo
	for {
		page, err := pages.Recv()
		if errors.Is(err, io.EOF) {
			return sockets, nil
		}
		if err != nil {
			return nil, queryError(err)
		}
		for _, info := range page.GetSockets() {
			sockets = append(sockets, t.svc.newSocketInfo(info))
		}
	}
}

func (s *Service) newSocketInfo(info *hubv1.SocketInfo) *SocketInfo {
	return &SocketInfo{
		Socket: &Socket{svc: s, s: info.GetSocket()}, Rooms: info.GetRooms(), Transport: info.GetSocket().GetTransport(),
		ConnectTime: info.GetConnectTime().AsTime(), Handshake: &Handshake{info.GetHandshake()},
	}
}

// CountSockets returns how many sockets the target picks.
func (t Target) CountSockets(ctx context.Context) (int, error) {
	target := &hubv1.Target{}
	if _, err := t.fill(target); err != nil {
		return 0, err
	}
	control, err := t.svc.line.control(ctx)
	if err != nil {
		return 0, err
	}
	response, err := control.CountSockets(ctx, &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: target}})
	return int(response.GetCount()), queryError(err)
}

// roomsPage is how many rooms are asked for at a time.
const roomsPage = 1000

// ListRooms returns the rooms of the target's namespace whose names start with
// prefix, sorted. Rooms of single sockets are not among them.
func (t Target) ListRooms(ctx context.Context, prefix string) ([]Room, error) {
	if !utf8.ValidString(prefix) {
		return nil, invalid("UTF8", "prefix", errBadUTF8.Error())
	}
	control, err := t.svc.line.control(ctx)
	if err != nil {
		return nil, err
	}
	request := &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: t.namespace, Prefix: prefix, PageSize: roomsPage}}
	var rooms []Room
	for {
		page, err := control.ListRooms(ctx, request)
		if err != nil {
			return nil, queryError(err)
		}
		for _, room := range page.GetRooms() {
			rooms = append(rooms, Room{Name: room.GetName(), Sockets: int(room.GetSocketCount())})
		}
		if page.GetNextPageToken() == "" {
			return rooms, nil
		}
		request = &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{
			Namespace: t.namespace, Prefix: prefix, PageSize: roomsPage, PageToken: page.GetNextPageToken(),
		}}
	}
}

// control returns the unary side of the connection that the stream uses, waiting
// for one as commands do.
func (l *line) control(ctx context.Context) (hubv1.ControlServiceClient, error) {
	st, _, err := l.route(ctx)
	if err != nil {
		return nil, err
	}
	return hubv1.NewControlServiceClient(st.conn), nil
}

// queryError is the error of a unary call. Unlike on the stream ABORTED is no
// takeover there.
func queryError(err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	return &StatusError{Code: s.Code(), Message: s.Message()}
}
