package access

import (
	"context"
	"crypto/x509"
	"time"
)

// Authenticator knows the callers of the gRPC services. It is asked at the start of
// each call.
type Authenticator interface {
	// Authenticate returns who has these credentials. An *Error ends the call with
	// UNAUTHENTICATED and its reason; any other error ends the call with UNAVAILABLE, and
	// is logged if it is not ErrKeysPending. It is safe for concurrent use.
	Authenticate(ctx context.Context, c Credentials) (*Identity, error)
}

// Credentials are what a caller shows.
type Credentials struct {
	// Token is the bearer token. Empty when there is none. It must never be logged.
	Token string
	// Certificates is the verified chain of the client, its own certificate first. Nil
	// without TLS, or when the client has shown none.
	Certificates []*x509.Certificate
	// Peer is the address of the connection's other end. It may be a proxy's.
	Peer string
}

// Identity is somebody who may call. It must not change once it was given out; it is
// safe for concurrent use.
type Identity struct {
	// Name names the identity in logs and in the status. Idempotency keys and instance
	// ids belong to the name that used them first.
	Name string
	// Permissions are what it may do. Nil means everything.
	Permissions *Permissions
	// ExpireTime is when its calls and streams end. Zero means never.
	ExpireTime time.Time
	// Expired is what they end with then. Nil means ErrTokenExpired.
	Expired *Error
	// Life ends when the identity is revoked: its calls and streams end with
	// UNAUTHENTICATED, and with the reason of context.Cause if that is an *Error.
	// Nil means that nobody can revoke it.
	Life context.Context
}
