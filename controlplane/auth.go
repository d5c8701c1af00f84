package controlplane

import (
	"context"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// Authenticator knows the callers of the gRPC services. It is asked at the start
// of each call, from many goroutines at the same time.
type Authenticator interface {
	// Authenticate returns the name of the identity that the bearer token belongs to,
	// and false for a token that belongs to nobody.
	Authenticate(token string) (identity string, ok bool)
}

// identityKey is where the caller's name stands in a call's context.
type identityKey struct{}

// identityOf is the name of the caller. Empty when nobody asks for names.
func identityOf(ctx context.Context) string {
	name, _ := ctx.Value(identityKey{}).(string)
	return name
}

// authenticate implements auth.AuthFunc. The answer is the same for a token that is
// missing and one that is wrong, and never repeats it.
func (s *Server) authenticate(ctx context.Context) (context.Context, error) {
	if s.config.Authenticator == nil {
		return ctx, nil
	}
	token, err := auth.AuthFromMD(ctx, "bearer")
	if err == nil {
		if name, ok := s.config.Authenticator.Authenticate(strings.TrimSpace(token)); ok {
			return context.WithValue(ctx, identityKey{}, name), nil
		}
	}
	s.trace.authFailed()
	return nil, errNoToken
}

// needsIdentity leaves health checks open: load balancers have no token.
func needsIdentity(_ context.Context, call interceptors.CallMeta) bool {
	return call.Service != healthv1.Health_ServiceDesc.ServiceName
}
