package servicetest

import (
	"context"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// unary answers the calls of ControlService that have one answer.
func (h *Hub) unary(ctx context.Context, method string, request proto.Message) (proto.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	if isCutOff(h) {
		return nil, errCut
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch request := request.(type) {
	case *hubv1.CountSocketsRequest:
		sockets, s := pickLocked(h, request.GetCount().GetTarget())
		return &hubv1.CountSocketsResponse{Count: uint32(len(sockets))}, grpcError(s)
	case *hubv1.CountUsersRequest:
		return &hubv1.CountUsersResponse{Count: uint32(len(usersLocked(h, request.GetCountUsers().GetNamespace(), "")))}, nil
	case *hubv1.ListUsersRequest:
		return &hubv1.ListUsersResponse{Users: usersLocked(h, request.GetListUsers().GetNamespace(), request.GetListUsers().GetPrefix())}, nil
	case *hubv1.ListRoomsRequest:
		return &hubv1.ListRoomsResponse{Rooms: roomsLocked(h, request.GetListRooms().GetNamespace(), request.GetListRooms().GetPrefix())}, nil
	}
	return nil, status.Error(codes.Unimplemented, method)
}

func fetchCallLocked(h *Hub, c *call, request *hubv1.FetchSocketsRequest) error {
	sockets, s := pickLocked(h, request.GetFetch().GetTarget())
	if s != nil {
		c.endLocked(grpcError(s))
		return nil
	}
	page := &hubv1.FetchSocketsResponse{}
	for _, s := range sockets {
		page.Sockets = append(page.Sockets, s.info(request.GetFetch().GetIncludeHandshake()))
	}
	c.queue = append(c.queue, page)
	c.endLocked(io.EOF)
	return nil
}

func eachAckLocked(h *Hub, c *call, request *hubv1.EmitWithAckRequest) error {
	command := request.GetCommand()
	if command.GetEmit().GetAck() == nil {
		c.endLocked(status.Error(codes.InvalidArgument, "no emit with an ack"))
		return nil
	}
	command.GetEmit().GetAck().Mode = hubv1.AckMode_ACK_MODE_EACH
	executeLocked(h, command, func(r *hubv1.Result) {
		c.queue = append(c.queue, &hubv1.EmitWithAckResponse{Result: r})
		if !r.GetMore() {
			c.endLocked(io.EOF)
		}
		h.changedLocked()
	})
	return nil
}

func grpcError(s *hubv1.Status) error {
	if s == nil {
		return nil
	}
	return status.Error(codes.Code(s.GetCode()), s.GetReason()+" "+s.GetField())
}
