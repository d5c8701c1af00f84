package calls

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/internal/envelope"
)

// A request that cannot be decoded would end its call with INTERNAL, before an
// interceptor has seen it. The methods of ControlService are therefore registered with
// a decoder that never fails (envelope.Call), and refuse the request where they would
// have carried it out: behind the interceptors, so that a caller without a credential
// hears about that first.

// ControlMethods is ControlService with unary methods that decode so.
func (s Seats) ControlMethods() *grpc.ServiceDesc {
	desc := hubv1.ControlService_ServiceDesc
	desc.Methods = slices.Clone(desc.Methods)
	for i := range desc.Methods {
		handle := desc.Methods[i].Handler
		desc.Methods[i].Handler = func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			ctx, at := s.seated(ctx)
			defer at.seat.Leave()
			call := &at.call
			into := func(m any) error { call.Message = m.(proto.Message); return decode(call) }
			return handle(srv, ctx, into, func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				return intercept(ctx, req, info, func(ctx context.Context, req any) (any, error) {
					at.belong(caller.Of(ctx)) // also one whose requests are all refused
					if err := badCall(call); err != nil {
						return nil, err
					}
					return handler(ctx, req)
				})
			})
		}
	}
	return &desc
}

// StreamTurns is the interceptor that gives a turn to calls that answer with a stream. It
// stands before all others, whose work it includes.
func (s Seats) StreamTurns(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	switch info.FullMethod {
	case hubv1.ControlService_EmitWithAck_FullMethodName, hubv1.ControlService_FetchSockets_FullMethodName:
		ctx, at := s.seated(stream.Context())
		defer at.seat.Leave()
		at.seat.Begin(0)
		stream = &seatedStream{stream, ctx, at.seat}
	}
	return handler(srv, stream)
}

// seatedStream is the stream of a call that has a seat.
type seatedStream struct {
	grpc.ServerStream
	ctx  context.Context
	seat *turns.Seat
}

// Context implements grpc.ServerStream.
func (t *seatedStream) Context() context.Context { return t.ctx }

// RecvMsg implements grpc.ServerStream.
func (t *seatedStream) RecvMsg(m any) error {
	t.seat.End() // nothing may have come yet
	if call, ok := m.(*envelope.Call); ok {
		call.Pace = t.seat
	}
	return t.ServerStream.RecvMsg(m)
}

// StreamDecoding is the interceptor that decodes the requests of calls that answer with
// a stream. It stands behind all others.
func StreamDecoding(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	switch info.FullMethod {
	case hubv1.ControlService_EmitWithAck_FullMethodName, hubv1.ControlService_FetchSockets_FullMethodName:
		stream = decodingStream{stream}
	}
	return handler(srv, stream)
}

// decodingStream is a stream whose request is refused with a status of its own.
type decodingStream struct{ grpc.ServerStream }

// RecvMsg implements grpc.ServerStream.
func (d decodingStream) RecvMsg(m any) error {
	call := envelope.Call{Message: m.(proto.Message)}
	if err := d.ServerStream.RecvMsg(&call); err != nil {
		return err
	}
	return badCall(&call)
}

// badCall is the end of a call whose request cannot be looked at, or nil.
func badCall(call *envelope.Call) error {
	if f := fault.OfBad(call.Bad); f != nil {
		return f.GRPC()
	}
	return nil
}
