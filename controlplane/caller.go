package controlplane

import (
	"context"
	"time"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/permit"
	"github.com/siohub/siohub/controlplane/internal/turns"
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
	p := c.identity.Permissions
	switch {
	case p == nil:
		return nil
	case p.set == nil:
		return nothing
	}
	return p.set
}

// nothing permits nothing.
var nothing = &permit.Set{}

// attach counts a stream, until detach.
func (c *caller) attach() *fault.Fault {
	p := c.identity.Permissions
	if p == nil {
		return nil
	}
	if n, most := p.instances.Add(1), c.permissions().MaxInstances; most > 0 && n > int64(most) {
		p.instances.Add(-1)
		return fault.Newf(fault.TooManyInstances, "this identity has %d streams, which is its limit", most).After(time.Second)
	}
	return nil
}

// detach is the end of an attach that was permitted.
func (c *caller) detach() {
	if p := c.identity.Permissions; p != nil {
		p.instances.Add(-1)
	}
}

// spend counts commands and queries against the limit of the identity.
func (c *caller) spend(n int) *fault.Fault {
	p := c.identity.Permissions
	if p == nil || p.commands == nil || p.commands.AllowN(time.Now(), n) {
		return nil
	}
	wait := time.Duration(float64(n) / float64(p.commands.Limit()) * float64(time.Second))
	return fault.New(fault.CommandRate, "the identity sends more commands a second than it may").After(wait)
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
func unaryCaller(ctx context.Context) *command.Caller {
	who := callerOf(ctx).commands()
	if seat, ok := ctx.Value(seatKey{}).(*turns.Seat); ok {
		who.Turn = seat
	}
	return who
}

// live ties a call's context to the identity: it ends when the identity expires or is
// revoked, with an *AuthError as its cause. Neither takes a goroutine, and both end
// with the context itself.
func (c *caller) live(ctx context.Context) context.Context {
	if !c.identity.ExpireTime.IsZero() {
		expired := c.identity.Expired
		if expired == nil {
			expired = ErrTokenExpired
		}
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, c.identity.ExpireTime, expired)
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
