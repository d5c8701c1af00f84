package controlplane

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/calls"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/internal/envelope"
)

// executes calls Execute with an encoded request, as gRPC does behind its interceptors.
func executes(tb testing.TB, srv *Server, request *hubv1.ExecuteRequest) func() (*hubv1.ExecuteResponse, error) {
	control := command.NewControl(srv.commands, calls.Caller)
	codec := envelope.Hub()
	b, err := proto.Marshal(request)
	if err != nil {
		tb.Fatal(err)
	}
	for _, m := range (calls.Seats{Turns: srv.turns}).ControlMethods().Methods {
		if m.MethodName != "Execute" {
			continue
		}
		return func() (*hubv1.ExecuteResponse, error) {
			decode := func(into any) error { return codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, into) }
			intercept := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				return handler(ctx, req)
			}
			r, err := m.Handler(control, tb.Context(), decode, intercept)
			if err != nil {
				return nil, err
			}
			return r.(*hubv1.ExecuteResponse), nil
		}
	}
	tb.Fatal("there is no Execute")
	return nil
}

// BenchmarkExecute emits to rooms in which nobody is, from the bytes of the request on: a call without gRPC, and without
// what browsers are sent.
func BenchmarkExecute(b *testing.B) {
	for _, commands := range []int{1, 100} {
		b.Run(fmt.Sprint(commands), func(b *testing.B) {
			srv := newQuiet(b, nil)
			request := &hubv1.ExecuteRequest{}
			for n := range commands {
				request.Commands = append(request.Commands, &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
					Target: &hubv1.Target{Namespace: "/bench", Rooms: []string{fmt.Sprint("room ", n)}}, Event: "news",
					Payload: &hubv1.Payload{Args: []byte(`["0123456789abcdef0123456789abcdef"]`)},
				}}})
			}
			call := executes(b, srv, request)
			b.ReportAllocs()
			for b.Loop() {
				r, err := call()
				if err != nil || len(r.Results) != commands || r.Results[0].Status != nil {
					b.Fatal(r, err)
				}
			}
		})
	}
}
