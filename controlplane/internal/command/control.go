package command

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/envelope"
)

// Control is the unary side of the contract. Its commands take the same road as those
// of a stream.
type Control struct {
	hubv1.UnimplementedControlServiceServer
	executor *Executor
	callerOf func(context.Context) *Caller
}

// NewControl returns the service. CallerOf says who makes a call; the executor calls it
// once for each.
func NewControl(x *Executor, callerOf func(context.Context) *Caller) *Control {
	return &Control{executor: x, callerOf: callerOf}
}

// Execute carries out commands in order.
func (c *Control) Execute(ctx context.Context, req *hubv1.ExecuteRequest) (*hubv1.ExecuteResponse, error) {
	resp, f := c.execute(ctx, c.callerOf(ctx), req)
	if f != nil {
		return nil, f.GRPC()
	}
	return resp, nil
}

// EmitWithAck emits, and streams what browsers acknowledge.
func (c *Control) EmitWithAck(req *hubv1.EmitWithAckRequest, wire grpc.ServerStreamingServer[hubv1.EmitWithAckResponse]) error {
	if req.GetCommand().GetEmit().GetAck() == nil {
		return fault.At(fault.Required, "command.emit.ack", "the command has to be an emit with an ack").GRPC()
	}
	if f := fault.OfBad(envelope.Check(req)); f != nil {
		return f.GRPC()
	}
	cmd := proto.CloneOf(req.GetCommand())
	cmd.GetEmit().GetAck().Mode = hubv1.AckMode_ACK_MODE_EACH
	results := newResultQueue(c.executor.acks)
	defer results.close()
	who := c.callerOf(wire.Context())
	c.patient(wire.Context(), who, &Patience{}, cmd)
	c.executor.Run(Request{Command: cmd, Caller: who}, results)
	who.rest() // from here on it waits for browsers, and for its caller to read
	for {
		r, f := results.next(wire.Context())
		if f != nil {
			return f.GRPC()
		}
		if r.GetStatus() != nil && r.GetAck() == nil {
			// It never began: the whole call failed.
			return fault.GRPC(r.GetStatus())
		}
		if err := wire.Send(&hubv1.EmitWithAckResponse{Result: r}); err != nil {
			return err
		}
		if !r.More {
			return nil
		}
	}
}

// FetchSockets streams sockets. A caller that does not read holds up nobody else.
func (c *Control) FetchSockets(req *hubv1.FetchSocketsRequest, wire grpc.ServerStreamingServer[hubv1.FetchSocketsResponse]) error {
	who := c.callerOf(wire.Context())
	p, err := c.ask(wire.Context(), who, req, &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: req.GetFetch()}})
	if err != nil {
		return err
	}
	defer p.Close()
	for r := p.Next(); r != nil; r = p.Next() {
		if len(r.Sockets)+len(r.MissingHubIds) == 0 {
			continue
		}
		who.rest()
		if err := wire.Send(&hubv1.FetchSocketsResponse{Sockets: r.Sockets, MissingHubIds: r.MissingHubIds}); err != nil {
			return err
		}
		who.work()
	}
	return nil
}

// CountSockets counts.
func (c *Control) CountSockets(ctx context.Context, req *hubv1.CountSocketsRequest) (*hubv1.CountSocketsResponse, error) {
	r, err := c.number(ctx, req, &hubv1.Command{Op: &hubv1.Command_Count{Count: req.GetCount()}})
	return &hubv1.CountSocketsResponse{Count: r.GetCount(), MissingHubIds: r.GetMissingHubIds()}, err
}

// ListRooms lists rooms.
func (c *Control) ListRooms(ctx context.Context, req *hubv1.ListRoomsRequest) (*hubv1.ListRoomsResponse, error) {
	p, err := c.ask(ctx, c.callerOf(ctx), req, &hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: req.GetListRooms()}})
	if err != nil {
		return nil, err
	}
	defer p.Keep()
	r := p.Next()
	resp := &hubv1.ListRoomsResponse{Rooms: r.Rooms, MissingHubIds: r.MissingHubIds}
	if r.More {
		resp.NextPageToken = makeToken(tokenOfRooms, r.Rooms[len(r.Rooms)-1].Name)
	}
	return resp, nil
}

// CountUsers counts.
func (c *Control) CountUsers(ctx context.Context, req *hubv1.CountUsersRequest) (*hubv1.CountUsersResponse, error) {
	r, err := c.number(ctx, req, &hubv1.Command{Op: &hubv1.Command_CountUsers{CountUsers: req.GetCountUsers()}})
	return &hubv1.CountUsersResponse{Count: r.GetCount(), MissingHubIds: r.GetMissingHubIds()}, err
}

// ListUsers lists users.
func (c *Control) ListUsers(ctx context.Context, req *hubv1.ListUsersRequest) (*hubv1.ListUsersResponse, error) {
	p, err := c.ask(ctx, c.callerOf(ctx), req, &hubv1.Command{Op: &hubv1.Command_ListUsers{ListUsers: req.GetListUsers()}})
	if err != nil {
		return nil, err
	}
	defer p.Keep()
	r := p.Next()
	resp := &hubv1.ListUsersResponse{Users: r.Users, MissingHubIds: r.MissingHubIds}
	if r.More {
		resp.NextPageToken = makeToken(tokenOfUsers, r.Users[len(r.Users)-1].Id)
	}
	return resp, nil
}

// Groups are the groups that the hub remembers.
type Groups interface {
	// Forget ends what is remembered of a group that has no instance attached.
	Forget(group string) *fault.Fault
}

// ForgetGroup ends what the hub remembers of a group.
func (c *Control) ForgetGroup(ctx context.Context, req *hubv1.ForgetGroupRequest) (*hubv1.ForgetGroupResponse, error) {
	x := c.executor
	f := fault.OfBad(envelope.Check(req))
	if f == nil && req.GetGroup() == "" {
		f = fault.At(fault.Required, "group", "a group is required")
	}
	if who := c.callerOf(ctx); f == nil && who.Permit != nil {
		f = who.Permit.Allow(&Check{Verb: VerbAdmin, Group: req.GetGroup()})
	}
	if f == nil && x.config.Groups == nil {
		f = fault.New(fault.UnknownGroup, "there are no groups")
	}
	if f == nil {
		f = x.config.Groups.Forget(req.GetGroup())
	}
	x.trace.Command("forget_group", f.CodeName())
	if f != nil {
		return nil, f.GRPC()
	}
	return &hubv1.ForgetGroupResponse{}, nil
}
