package caller

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/permit"
)

// Caller is who makes a call, from hello to the last command. It never changes; it is
// safe for concurrent use.
type Caller struct {
	identity *access.Identity // never nil; without a name when nobody asks for names
	Peer     string
	ends     []func() // what is left to do when the call has ended
}

// anonymous calls a hub that asks for no names.
var anonymous = &access.Identity{}

type key struct{}

// Of is the caller of a call's context; never nil.
func Of(ctx context.Context) *Caller {
	if c, ok := ctx.Value(key{}).(*Caller); ok {
		return c
	}
	return &Caller{identity: anonymous}
}

// Name is the identity's name. Empty when nobody asks for names.
func (c *Caller) Name() string { return c.identity.Name }

// permissions are what the caller may do; nil is everything.
func (c *Caller) permissions() *permit.Set { return c.identity.Permissions.Set() }

// Attach counts a stream, until detach.
func (c *Caller) Attach() *fault.Fault {
	if !c.identity.Permissions.Attach() {
		return fault.Newf(fault.TooManyInstances, "this identity has %d streams, which is its limit", c.MaxInstances()).After(time.Second)
	}
	return nil
}

// Detach is the end of an attach that was permitted.
func (c *Caller) Detach() { c.identity.Permissions.Detach() }

// spend counts commands and queries against the limit of the identity.
func (c *Caller) spend(n int) *fault.Fault {
	if wait := c.identity.Permissions.Spend(n); wait > 0 {
		return fault.New(fault.CommandRate, "the identity sends more commands a second than it may").After(wait)
	}
	return nil
}

// Commands is the caller of a call's commands.
func (c *Caller) Commands() *command.Caller {
	who := &command.Caller{Identity: c.Name()}
	if c.permissions() != nil {
		who.Permit = c
	}
	return who
}

// live ties a call's context to the identity: it ends when the identity expires or is
// revoked, with an *access.Error as its cause. What that takes ends with release, on no goroutine of its own: calls may
// end by the hundred at a time. It is called once, before the caller is anybody's.
func (c *Caller) live(ctx context.Context) context.Context {
	if !c.identity.ExpireTime.IsZero() {
		expired := c.identity.Expired
		if expired == nil {
			expired = access.ErrTokenExpired
		}
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, c.identity.ExpireTime, expired)
		c.ends = append(c.ends, stop)
	}
	life := c.identity.Life
	if life == nil {
		return ctx
	}
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() {
		end(revokedBy(context.Cause(life)))
	})
	c.ends = append(c.ends, func() {
		stop()
		end(nil)
	})
	return ctx
}

// release gives back what live took.
func (c *Caller) release() {
	for _, end := range c.ends {
		end()
	}
}

// revokedBy is the reason of a revocation.
func revokedBy(cause error) error {
	if End(cause) != nil {
		return cause
	}
	return access.ErrTokenRevoked
}

// MaxInstances is how many instances the caller may have. 0 means as many as the hub
// takes.
func (c *Caller) MaxInstances() int {
	if set := c.permissions(); set != nil {
		return set.MaxInstances
	}
	return 0
}

// Customer is whose turns are counted together: one service of an identity.
func (c *Caller) Customer(group string) string { return customer + c.Name() + "\x00" + group }

// customer is how their names begin.
const customer = "group "

// Described has the attributes of a customer for the log, or of a connection.
func Described(name string) []any {
	service, ok := strings.CutPrefix(name, customer)
	if !ok {
		return []any{"customer", name}
	}
	identity, group, _ := strings.Cut(service, "\x00")
	return []any{"identity", identity, "group", group}
}

// Account is whose streams are counted together.
func (c *Caller) Account() string {
	if name := c.Name(); name != "" {
		return "identity " + name
	}
	host, _, err := net.SplitHostPort(c.Peer)
	if err != nil {
		host = c.Peer
	}
	return "address " + host
}
