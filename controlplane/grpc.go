package controlplane

import (
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/calls"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/internal/envelope"
)

// Limits of the gRPC connections.
const (
	maxHeaderBytes = 16 << 10
	// pingEvery and pingWait notice dead connections; a client may ping as often as
	// minPing.
	pingEvery = 20 * time.Second
	pingWait  = 10 * time.Second
	minPing   = 5 * time.Second
	// streamWindow and connWindow are how much a service may send before the hub has
	// read it. They are fixed, because gRPC finds out better ones by a ping for each
	// round trip, which at a low rate is a write for each event.
	streamWindow = 4 << 20
	connWindow   = 8 << 20
	// handshakeTime is how long a connection may take to become one.
	handshakeTime = 10 * time.Second
)

// GRPC returns a gRPC server with both services, health and reflection, and starts
// the server's own upkeep, which Shutdown ends. It is called once, after Bind; the
// caller gives the returned server its listeners, and further options such as
// credentials.
func (s *Server) GRPC(opts ...grpc.ServerOption) *grpc.Server {
	unary, stream := calls.Interceptors{
		Registerer: s.config.Registerer, Log: s.log, Trace: s.trace, Seats: calls.Seats{Turns: s.turns},
		Door: caller.Door{Authenticator: s.config.Authenticator, Log: s.log, Failed: s.trace.AuthFailed},
	}.Chains()
	all := append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(unary...),
		grpc.ChainStreamInterceptor(stream...),
		grpc.MaxConcurrentStreams(uint32(s.config.Stream.MaxCalls)),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxRecvMsgSize(envelope.HardMaxBytes),
		grpc.ForceServerCodecV2(envelope.Hub()),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connWindow),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	}, opts...)
	s.grpc = grpc.NewServer(all...)
	hubv1.RegisterAttachServiceServer(s.grpc, attachService{srv: s})
	s.grpc.RegisterService(calls.Seats{Turns: s.turns}.ControlMethods(), command.NewControl(s.commands, calls.Caller))
	healthv1.RegisterHealthServer(s.grpc, s.health)
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	}
	if !s.config.NoReflection {
		reflection.Register(s.grpc)
	}
	s.done.Add(1)
	go s.janitor()
	return s.grpc
}
