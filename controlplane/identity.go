package controlplane

import (
	"context"
	"crypto/x509"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/siohub/siohub/controlplane/internal/permit"
)

// Authenticator knows the callers of the gRPC services. It is asked at the start of
// each call.
type Authenticator interface {
	// Authenticate returns who has these credentials. An *AuthError ends the call with
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
	Expired *AuthError
	// Life ends when the identity is revoked: its calls and streams end with
	// UNAUTHENTICATED, and with the reason of context.Cause if that is an *AuthError.
	// Nil means that nobody can revoke it.
	Life context.Context
}

// Permissions are compiled Rules, and the limits that all who have them share: one for
// each name. The zero value permits nothing. They must not be copied, and are safe for
// concurrent use.
type Permissions struct {
	// Set by NewPermissions.
	set      *permit.Set
	commands *rate.Limiter // nil means no limit

	instances atomic.Int64 // attached now
}

// Rules are what one identity is permitted. The lists have names, or beginnings of
// names with `*` at the end; an empty list permits nothing.
type Rules struct {
	// Groups are those that its streams may attach as.
	Groups []string
	// Roles are those of its subscriptions: authorizer, handler, observer.
	Roles []string
	// Namespaces are those of its subscriptions, commands and queries: `/chat`, `/org/*`,
	// `/*` for all but `/`, `*` for all.
	Namespaces []string
	// Events are those that it subscribes to and emits.
	Events []string
	// Rooms are those that it emits to, joins and leaves. Targets that are sockets or a
	// whole namespace need `*`.
	Rooms []string
	// Users are those that its targets may name.
	Users []string
	// Verbs are attach, emit, rooms, disconnect, data, fetch, count, list_rooms,
	// list_users, call, revoke, acknowledge, observe and admin.
	Verbs []string
	// MaxInstances is how many streams it may have. 0 means no limit of its own.
	MaxInstances int
	// CommandsPerSecond bounds its commands and queries. 0 means no limit.
	CommandsPerSecond int
}

// RuleError is a rule that cannot be: the list, the word, and what would be taken.
type RuleError = permit.RuleError

// NewPermissions checks rules and compiles them. Its error is a *RuleError.
func NewPermissions(r Rules) (*Permissions, error) {
	set, err := permit.Compile(permit.Rules(r))
	if err != nil {
		return nil, err
	}
	p := &Permissions{set: set}
	if r.CommandsPerSecond > 0 {
		p.commands = rate.NewLimiter(rate.Limit(r.CommandsPerSecond), r.CommandsPerSecond)
	}
	return p, nil
}
