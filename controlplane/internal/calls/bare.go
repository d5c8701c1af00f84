package calls

import (
	"context"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// The middleware's interceptors wrap a stream and look at each envelope of it,
// though what they have to say they say at the end of the call. So Attach gets the
// stream that gRPC made, with the context that the interceptors made: the first
// interceptor, RememberBare, keeps the stream, and the last one, UseBare, puts it
// back.

// bareKey is where the stream that gRPC made stands in a call's context.
type bareKey struct{}

// bareStream is a stream with another context.
type bareStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context implements grpc.ServerStream.
func (b *bareStream) Context() context.Context { return b.ctx }

// RememberBare is the first interceptor of streams: it keeps the one that gRPC made.
func RememberBare(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if info.FullMethod == hubv1.AttachService_Attach_FullMethodName {
		stream = &bareStream{stream, context.WithValue(stream.Context(), bareKey{}, stream)}
	}
	return handler(srv, stream)
}

// UseBare is the last interceptor of streams: it puts that one back.
func UseBare(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if bare, ok := stream.Context().Value(bareKey{}).(grpc.ServerStream); ok {
		stream = &bareStream{bare, stream.Context()}
	}
	return handler(srv, stream)
}
