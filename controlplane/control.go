package controlplane

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// maxCommands bounds the commands of one call.
const maxCommands = 1000

// controlService is the unary side of the contract. Its commands take the same road
// as those of a stream.
type controlService struct {
	hubv1.UnimplementedControlServiceServer
	srv *Server
}

// Execute carries out commands in order.
func (c controlService) Execute(ctx context.Context, req *hubv1.ExecuteRequest) (*hubv1.ExecuteResponse, error) {
	if n := len(req.Commands); n == 0 || n > maxCommands {
		return nil, invalid("commands", "COUNT", "1 to 1000 commands").rpc()
	}
	batch := c.srv.hub.NewBatch()
	defer batch.Flush()
	room := &ackRoom{left: maxAcksOfCall}
	pending := make([]<-chan *hubv1.Result, len(req.Commands))
	resp := &hubv1.ExecuteResponse{Results: make([]*hubv1.Result, len(req.Commands))}
	failed := false
	for i, cmd := range req.Commands {
		if failed && req.StopOnError {
			resp.Results[i] = &hubv1.Result{Status: faultStopped.status()}
			continue
		}
		pending[i] = c.start(ctx, batch, cmd, room)
		if req.StopOnError {
			// Whether it failed decides about the next one, so it has to be over.
			batch.Flush()
			r, err := wait(ctx, pending[i])
			if err != nil {
				return nil, err
			}
			resp.Results[i], pending[i] = r, nil
			failed = r.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED
		}
	}
	batch.Flush()
	for i, done := range pending {
		if done == nil {
			continue
		}
		r, err := wait(ctx, done)
		if err != nil {
			return nil, err
		}
		resp.Results[i] = r
	}
	return resp, nil
}

// maxAcksOfCall is how many bytes of acknowledgements one response carries: what is
// left of 4 MiB, which callers take, is for 1000 results.
const maxAcksOfCall = 3 << 20

// ackRoom is what is left for the acknowledgements of a call.
type ackRoom struct {
	mu   sync.Mutex
	left int // guarded by mu
}

// fit leaves out what there is no room for.
func (m *ackRoom) fit(r *hubv1.Result) {
	total := r.GetAckTotal()
	if len(total.GetAcks()) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	leaveOut(total, proto.Size(total)-m.left)
	m.left -= proto.Size(total)
}

// start begins a command; its last result comes on the channel.
func (c controlService) start(ctx context.Context, batch *hub.Batch, cmd *hubv1.Command, room *ackRoom) <-chan *hubv1.Result {
	done := make(chan *hubv1.Result, 1)
	c.srv.execute(batch, cmd, identityOf(ctx), func(r *hubv1.Result, last bool) bool {
		if last {
			room.fit(r)
			done <- r
		}
		return last
	})
	return done
}

func wait(ctx context.Context, done <-chan *hubv1.Result) (*hubv1.Result, error) {
	select {
	case r := <-done:
		return r, nil
	case <-ctx.Done():
		return nil, errLost
	}
}

// EmitWithAck emits, and streams what browsers acknowledge.
func (c controlService) EmitWithAck(req *hubv1.EmitWithAckRequest, wire grpc.ServerStreamingServer[hubv1.EmitWithAckResponse]) error {
	cmd := req.GetCommand()
	if cmd.GetEmit().GetAck() == nil {
		return invalid("command.emit.ack", "REQUIRED", "the command has to be an emit with an ack").rpc()
	}
	cmd.GetEmit().GetAck().Mode = hubv1.AckMode_ACK_MODE_EACH
	acks := newAckQueue()
	c.srv.execute(nil, cmd, identityOf(wire.Context()), acks.push)
	for {
		r, last, err := acks.next(wire.Context())
		if err != nil {
			return err
		}
		if r.GetStatus() != nil && r.GetAck() == nil {
			// It never began: the whole call failed.
			return rpcError(r.GetStatus())
		}
		if err := wire.Send(&hubv1.EmitWithAckResponse{Result: r}); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}

// CountSockets counts.
func (c controlService) CountSockets(_ context.Context, req *hubv1.CountSocketsRequest) (*hubv1.CountSocketsResponse, error) {
	n, err := c.srv.hub.CountSockets(targetOf(req.GetCount().GetTarget()))
	if err != nil {
		return nil, faultOf(err, "").rpc()
	}
	return &hubv1.CountSocketsResponse{Count: uint32(n)}, nil
}

// execute carries out a command of a unary call: its results are counted, and it
// belongs to no delivery.
func (s *Server) execute(batch *hub.Batch, cmd *hubv1.Command, identity string, give answer) {
	if cmd.GetDeliverySeq() != 0 {
		r := &hubv1.Result{
			Status: invalid("delivery_seq", "NOT_ON_A_STREAM", "only commands of a stream belong to a delivery").status(),
		}
		s.traceCommand(cmd, r, true)
		give(r, true)
		return
	}
	if bad := envelope.Check(cmd); bad != nil {
		r := &hubv1.Result{Status: faultOfBad(bad).status()}
		s.traceCommand(cmd, r, true)
		give(r, true)
		return
	}
	s.commands.run(batch, cmd, identity, func(r *hubv1.Result, last bool) bool {
		s.traceCommand(cmd, r, last)
		return give(r, last)
	})
}
