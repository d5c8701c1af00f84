package controlplane

import (
	"context"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/permit"
)

// caller is who makes a call, from hello to the last command. It never changes; it is
// safe for concurrent use.
type caller struct {
	identity *Identity // never nil; without a name when nobody asks for names
	peer     string
}

// anonymous calls a hub that asks for no names.
var anonymous = &Identity{}

type callerKey struct{}

// callerOf is the caller of a call's context; never nil.
func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{identity: anonymous}
}

// name is the identity's name. Empty when nobody asks for names.
func (c *caller) name() string { return c.identity.Name }

// permissions are what the caller may do; nil is everything.
func (c *caller) permissions() *permit.Set {
	if c.identity.Permissions == nil {
		return nil
	}
	return c.identity.Permissions.set
}

// commands is the caller of a call's commands.
func (c *caller) commands() *command.Caller {
	who := &command.Caller{Identity: c.name()}
	if c.permissions() != nil {
		who.Permit = c
	}
	return who
}

// unaryCaller is the caller of a call without a stream.
func unaryCaller(ctx context.Context) *command.Caller { return callerOf(ctx).commands() }

// live ties a call's context to the identity: it ends when the identity expires or is
// revoked, with an *AuthError as its cause. Neither takes a goroutine, and both end
// with the context itself.
func (c *caller) live(ctx context.Context) context.Context {
	if !c.identity.ExpireTime.IsZero() {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, c.identity.ExpireTime, ErrTokenExpired)
		context.AfterFunc(ctx, stop)
	}
	life := c.identity.Life
	if life == nil {
		return ctx
	}
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() {
		end(revokedBy(context.Cause(life)))
	})
	context.AfterFunc(ctx, func() {
		stop()
		end(nil)
	})
	return ctx
}

// revokedBy is the reason of a revocation.
func revokedBy(cause error) error {
	if authEnd(cause) != nil {
		return cause
	}
	return ErrTokenRevoked
}

// maxInstances is how many instances the caller may have. 0 means as many as the hub
// takes.
func (c *caller) maxInstances() int {
	if set := c.permissions(); set != nil {
		return set.MaxInstances
	}
	return 0
}
