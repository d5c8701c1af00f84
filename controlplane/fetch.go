package controlplane

import (
	"context"
	"sort"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

const (
	defaultPage = 100
	maxPage     = 1000
	// pageBytes is where a page of sockets is cut.
	pageBytes = 1 << 20
)

// pageSize checks the wish for a page.
func pageSize(wish uint32) (int, *fault) {
	switch {
	case wish == 0:
		return defaultPage, nil
	case wish > maxPage:
		return 0, invalid("page_size", "TOO_LARGE", "a page has at most 1000")
	}
	return int(wish), nil
}

// FetchSockets streams sockets.
func (c controlService) FetchSockets(req *hubv1.FetchSocketsRequest, wire grpc.ServerStreamingServer[hubv1.FetchSocketsResponse]) error {
	size, f := pageSize(req.GetFetch().GetPageSize())
	if f != nil {
		return f.rpc()
	}
	sockets, err := c.srv.hub.FetchSockets(targetOf(req.GetFetch().GetTarget()))
	if err != nil {
		return faultOf(err, "").rpc()
	}
	page := &hubv1.FetchSocketsResponse{}
	bytes := 0
	for _, s := range sockets {
		info := infoOf(s, req.GetFetch().GetIncludeHandshake())
		n := proto.Size(info)
		if len(page.Sockets) == size || (len(page.Sockets) > 0 && bytes+n > pageBytes) {
			if err := wire.Send(page); err != nil {
				return err
			}
			page, bytes = &hubv1.FetchSocketsResponse{}, 0
		}
		page.Sockets = append(page.Sockets, info)
		bytes += n
	}
	if len(page.Sockets) == 0 {
		return nil
	}
	return wire.Send(page)
}

// infoOf describes a socket.
func infoOf(s *hub.Socket, handshake bool) *hubv1.SocketInfo {
	data, version := s.Data()
	info := &hubv1.SocketInfo{
		Socket: &hubv1.Socket{
			Id: s.ID(), Namespace: s.Namespace(), User: s.User(), Data: data, DataVersion: version,
			Transport: s.Transport(),
		},
		Rooms: s.Rooms(), ConnectTime: timeOf(s.ConnectTime()),
	}
	if handshake {
		info.Handshake = handshakeOf(s.Handshake())
	}
	return info
}

// ListRooms lists rooms. The token of a page is the name of its last room: rooms may
// come and go between two pages, and none that stays is passed over.
func (c controlService) ListRooms(_ context.Context, call *hubv1.ListRoomsRequest) (*hubv1.ListRoomsResponse, error) {
	req := call.GetListRooms()
	size, f := pageSize(req.GetPageSize())
	if f != nil {
		return nil, f.rpc()
	}
	if err := route.CheckNamespace(req.GetNamespace()); err != nil || strings.HasSuffix(req.GetNamespace(), "*") {
		return nil, invalid("namespace", "REQUIRED", "a namespace with its leading slash is required").rpc()
	}
	rooms := c.srv.hub.Rooms(req.GetNamespace(), req.GetPrefix())
	if after := req.GetPageToken(); after != "" {
		rooms = rooms[sort.Search(len(rooms), func(i int) bool { return rooms[i].Name > after }):]
	}
	resp := &hubv1.ListRoomsResponse{}
	for i, r := range rooms {
		if i == size {
			resp.NextPageToken = rooms[i-1].Name
			break
		}
		resp.Rooms = append(resp.Rooms, &hubv1.Room{Name: r.Name, SocketCount: uint32(r.Sockets)})
	}
	return resp, nil
}
