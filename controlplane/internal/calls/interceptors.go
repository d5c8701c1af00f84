package calls

import (
	"context"
	"log/slog"
	"runtime/debug"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/trace"
)

// Interceptors see each call once, at its start and its end: what happens inside a
// stream is the stream's own. The order is metrics, log, recovery, identity: a panic
// and a refused token are counted and logged like any other end.
type Interceptors struct {
	// Registerer takes the metrics of calls. Nil means none.
	Registerer prometheus.Registerer
	// Log takes a line of each call, and the cause of a panic.
	Log *slog.Logger
	// Trace is told of panics.
	Trace trace.Tracer
	// Seats gives calls their turns.
	Seats Seats
	// Door lets callers in.
	Door caller.Door
}

// errPanic is the end of a call that has panicked.
var errPanic = fault.New(fault.Internal, "the hub failed; its log has the cause").GRPC()

// Chains are the interceptors of both kinds of calls, the first one first.
func (s Interceptors) Chains() (unary []grpc.UnaryServerInterceptor, stream []grpc.StreamServerInterceptor) {
	stream = append(stream, s.Seats.StreamTurns, RememberBare)
	if s.Registerer != nil {
		metrics := grpcprom.NewServerMetrics()
		if err := s.Registerer.Register(metrics); err != nil {
			s.Log.Warn("gRPC metrics are not registered", "error", err)
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
		s.Trace.PanicRecovered("call")
		s.Log.Error("panic in a call", "panic", p, "stack", string(debug.Stack()))
		return errPanic
	})
	who := selector.MatchFunc(caller.NeedsIdentity)
	logger := logging.LoggerFunc(func(ctx context.Context, level logging.Level, message string, fields ...any) {
		s.Log.Log(ctx, slog.Level(level), message, fields...)
	})
	unary = append(unary,
		logging.UnaryServerInterceptor(logger, options...),
		recovery.UnaryServerInterceptor(recoverer),
		selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(s.Door.Authenticate), who),
		caller.EndUnary)
	stream = append(stream,
		logging.StreamServerInterceptor(logger, options...),
		recovery.StreamServerInterceptor(recoverer),
		selector.StreamServerInterceptor(auth.StreamServerInterceptor(s.Door.Authenticate), who),
		caller.EndStream,
		StreamDecoding,
		UseBare)
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
