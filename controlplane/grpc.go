package controlplane

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
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
	unary, stream := s.interceptors()
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

// interceptors see each call once, at its start and its end: what happens inside a
// stream is the stream's own. The order is metrics, log, recovery, identity: a panic
// and a refused token are counted and logged like any other end.
func (s *Server) interceptors() (unary []grpc.UnaryServerInterceptor, stream []grpc.StreamServerInterceptor) {
	stream = append(stream, calls.Seats{Turns: s.turns}.StreamTurns, calls.RememberBare)
	if s.config.Registerer != nil {
		metrics := grpcprom.NewServerMetrics()
		if err := s.config.Registerer.Register(metrics); err != nil {
			s.log.Warn("gRPC metrics are not registered", "error", err)
		}
		unary = append(unary, metrics.UnaryServerInterceptor())
		stream = append(stream, metrics.StreamServerInterceptor())
	}
	// Neither payloads nor metadata: only what the call is and how it ended.
	options := []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithLevels(levelOf),
	}
	recoverer := recovery.WithRecoveryHandlerContext(func(_ context.Context, p any) error {
		s.trace.PanicRecovered("call")
		s.log.Error("panic in a call", "panic", p, "stack", string(debug.Stack()))
		return errPanic
	})
	who := selector.MatchFunc(caller.NeedsIdentity)
	door := caller.Door{Authenticator: s.config.Authenticator, Log: s.log, Failed: s.trace.AuthFailed}
	logger := logging.LoggerFunc(func(ctx context.Context, level logging.Level, message string, fields ...any) {
		s.log.Log(ctx, slog.Level(level), message, fields...)
	})
	unary = append(unary,
		logging.UnaryServerInterceptor(logger, options...),
		recovery.UnaryServerInterceptor(recoverer),
		selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(door.Authenticate), who),
		caller.EndUnary)
	stream = append(stream,
		logging.StreamServerInterceptor(logger, options...),
		recovery.StreamServerInterceptor(recoverer),
		selector.StreamServerInterceptor(auth.StreamServerInterceptor(door.Authenticate), who),
		caller.EndStream,
		calls.StreamDecoding,
		calls.UseBare)
	return unary, stream
}

// levelOf keeps the daily calls quiet.
func levelOf(code codes.Code) logging.Level {
	switch code {
	case codes.OK, codes.Canceled:
		return logging.LevelDebug
	case codes.Unauthenticated, codes.PermissionDenied, codes.ResourceExhausted:
		return logging.LevelWarn
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return logging.LevelError
	}
	return logging.LevelInfo
}
