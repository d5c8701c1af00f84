package caller

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/fault"
)

// Door lets callers in. Its fields are set before it is asked; it is safe for concurrent
// use.
type Door struct {
	// Authenticator knows the callers. Nil lets everybody in, without a name.
	Authenticator access.Authenticator
	// Log is told why callers cannot be told apart.
	Log *slog.Logger
	// Failed is called for each call that is not let in.
	Failed func()
}

// Authenticate implements auth.AuthFunc. Its errors never repeat a credential.
func (d *Door) Authenticate(ctx context.Context) (context.Context, error) {
	shown := credentialsOf(ctx)
	who := &Caller{identity: anonymous, Peer: shown.Peer}
	if d.Authenticator != nil {
		identity, err := d.Authenticator.Authenticate(ctx, shown)
		if err != nil || identity == nil {
			d.Failed()
			return nil, d.refusal(err)
		}
		who.identity = identity
	}
	return context.WithValue(who.live(ctx), key{}, who), nil
}

// refusal is the end of a call whose caller is not known.
func (d *Door) refusal(err error) error {
	var refused *access.Error
	switch {
	case errors.As(err, &refused):
		return rpc(refused)
	case errors.Is(err, access.ErrKeysPending):
		return fault.New(fault.AuthenticatorFailed, "the keys of the token's issuer cannot be read now").GRPC()
	}
	d.Log.Error("callers cannot be told apart", "error", err)
	return fault.New(fault.AuthenticatorFailed, "the hub cannot check credentials now").GRPC()
}

// credentialsOf are what the caller of a call shows.
func credentialsOf(ctx context.Context) access.Credentials {
	var c access.Credentials
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

// NeedsIdentity leaves health checks open: load balancers have no token.
func NeedsIdentity(_ context.Context, call interceptors.CallMeta) bool {
	return call.Service != healthv1.Health_ServiceDesc.ServiceName
}

// EndUnary gives a call that failed because its credentials ended their reason. The
// handler itself sees only that its context has ended. It stands behind Authenticate, whose end it is.
func EndUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	defer Of(ctx).release()
	resp, err := handler(ctx, req)
	if end := End(context.Cause(ctx)); err != nil && end != nil {
		return nil, end
	}
	return resp, err
}

// EndStream does the same for a stream.
func EndStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	defer Of(stream.Context()).release()
	err := handler(srv, stream)
	if end := End(context.Cause(stream.Context())); err != nil && end != nil {
		return end
	}
	return err
}

// rpc is the error of a call whose credentials fail.
func rpc(e *access.Error) error {
	reason, ok := fault.Lookup(e.Reason)
	if !ok || reason.Code() != hubv1.Code_CODE_UNAUTHENTICATED {
		reason = fault.Unauthenticated
	}
	return fault.New(reason, e.Message).GRPC()
}

// End is how a call ends that lived by credentials, by the cause of its context.
func End(cause error) error {
	var refused *access.Error
	if errors.As(cause, &refused) {
		return rpc(refused)
	}
	return nil
}
