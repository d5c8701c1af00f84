package access

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/siohub/siohub/controlplane/internal/permit"
)

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

// nothing permits nothing.
var nothing = &permit.Set{}

// Set has the compiled rules, for the control plane. Nil, which permits everything, is
// that of nil permissions.
func (p *Permissions) Set() *permit.Set {
	switch {
	case p == nil:
		return nil
	case p.set == nil:
		return nothing
	}
	return p.set
}

// Attach counts a stream, until Detach. It reports false, and counts nothing, when there
// are MaxInstances already. Nil permissions have no limit.
func (p *Permissions) Attach() bool {
	if p == nil {
		return true
	}
	if n, most := p.instances.Add(1), p.Set().MaxInstances; most > 0 && n > int64(most) {
		p.instances.Add(-1)
		return false
	}
	return true
}

// Detach is the end of an Attach that was permitted.
func (p *Permissions) Detach() {
	if p != nil {
		p.instances.Add(-1)
	}
}

// Spend counts n commands against CommandsPerSecond. Where there are too many it counts
// none, and returns how long to wait before as many may be sent; zero otherwise.
func (p *Permissions) Spend(n int) (wait time.Duration) {
	if p == nil || p.commands == nil || p.commands.AllowN(time.Now(), n) {
		return 0
	}
	return time.Duration(float64(n) / float64(p.commands.Limit()) * float64(time.Second))
}
