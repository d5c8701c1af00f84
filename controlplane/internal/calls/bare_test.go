package calls

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// countedStream counts the messages that are sent through it.
type countedStream struct {
	grpc.ServerStream
	ctx  context.Context
	sent *int
}

func (s *countedStream) Context() context.Context { return s.ctx }

func (s *countedStream) SendMsg(any) error { *s.sent++; return nil }

type tokenKey struct{}

func TestBare_AttachSendsPastTheInterceptors(t *testing.T) {
	for _, c := range []struct {
		method  string
		wrapped int // messages that the interceptor in the middle sees
	}{
		{hubv1.AttachService_Attach_FullMethodName, 0},
		{hubv1.ControlService_FetchSockets_FullMethodName, 1},
	} {
		raw, wrapped := 0, 0
		info := &grpc.StreamServerInfo{FullMethod: c.method}
		last := func(_ any, stream grpc.ServerStream) error {
			if got := stream.Context().Value(tokenKey{}); got != "a" {
				t.Errorf("%s: the interceptor's context is lost: %v", c.method, got)
			}
			return stream.SendMsg(nil)
		}
		middle := func(srv any, stream grpc.ServerStream) error {
			ctx := context.WithValue(stream.Context(), tokenKey{}, "a")
			return UseBare(srv, &countedStream{stream, ctx, &wrapped}, info, last)
		}
		if err := RememberBare(nil, &countedStream{nil, t.Context(), &raw}, info, middle); err != nil {
			t.Fatal(err)
		}
		if raw+wrapped != 1 || wrapped != c.wrapped {
			t.Errorf("%s: %d messages to the bare stream and %d through the interceptor", c.method, raw, wrapped)
		}
	}
}
