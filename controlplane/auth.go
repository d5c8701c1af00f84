package controlplane

import (
	"context"
	"errors"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// authenticate implements auth.AuthFunc. Its errors never repeat a credential.
func (s *Server) authenticate(ctx context.Context) (context.Context, error) {
	shown := credentialsOf(ctx)
	who := &caller{identity: anonymous, peer: shown.Peer}
	if a := s.config.Authenticator; a != nil {
		identity, err := a.Authenticate(ctx, shown)
		var refused *AuthError
		switch {
		case errors.As(err, &refused):
			s.trace.AuthFailed()
			return nil, refused.rpc()
		case errors.Is(err, ErrKeysPending):
			s.trace.AuthFailed()
			return nil, fault.New(fault.AuthenticatorFailed, "the keys of the token's issuer cannot be read now").GRPC()
		case err != nil || identity == nil:
			s.trace.AuthFailed()
			s.log.Error("callers cannot be told apart", "error", err)
			return nil, fault.New(fault.AuthenticatorFailed, "the hub cannot check credentials now").GRPC()
		}
		who.identity = identity
	}
	return context.WithValue(who.live(ctx), callerKey{}, who), nil
}

// credentialsOf are what the caller of a call shows.
func credentialsOf(ctx context.Context) Credentials {
	var c Credentials
	// Its error says what is wrong with the header; a token is missing either way.
	if token, err := auth.AuthFromMD(ctx, "bearer"); err == nil {
		c.Token = strings.TrimSpace(token)
	}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return c
	}
	if p.Addr != nil {
		c.Peer = p.Addr.String()
	}
	if tls, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(tls.State.VerifiedChains) > 0 {
		c.Certificates = tls.State.VerifiedChains[0]
	}
	return c
}

// needsIdentity leaves health checks open: load balancers have no token.
func needsIdentity(_ context.Context, call interceptors.CallMeta) bool {
	return call.Service != healthv1.Health_ServiceDesc.ServiceName
}

// endUnary gives a call that failed because its credentials ended their reason. The
// handler itself sees only that its context has ended.
func endUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if end := authEnd(context.Cause(ctx)); err != nil && end != nil {
		return nil, end
	}
	return resp, err
}

// endStream does the same for a stream.
func endStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	err := handler(srv, stream)
	if end := authEnd(context.Cause(stream.Context())); err != nil && end != nil {
		return end
	}
	return err
}
