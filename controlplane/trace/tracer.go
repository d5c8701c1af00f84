package trace

import "time"

// Tracer calls those functions of Hooks that are there. Its methods are called as those
// functions are.
type Tracer struct{ hooks *Hooks }

// NewTracer returns a Tracer. Nil means that nobody looks.
func NewTracer(hooks *Hooks) Tracer {
	if hooks == nil {
		hooks = &Hooks{}
	}
	return Tracer{hooks}
}

// StreamOpened tells what StreamHooks.Opened hears.
func (t Tracer) StreamOpened(group string) {
	if t.hooks.Stream.Opened != nil {
		t.hooks.Stream.Opened(group)
	}
}

// StreamClosed tells what StreamHooks.Closed hears.
func (t Tracer) StreamClosed(group, code string) {
	if t.hooks.Stream.Closed != nil {
		t.hooks.Stream.Closed(group, code)
	}
}

// EnvelopeReceived tells what StreamHooks.Received hears.
func (t Tracer) EnvelopeReceived(actions int) {
	if t.hooks.Stream.Received != nil {
		t.hooks.Stream.Received(actions)
	}
}

// EnvelopeSent tells what StreamHooks.Sent hears.
func (t Tracer) EnvelopeSent(items int, took time.Duration) {
	if t.hooks.Stream.Sent == nil {
		return
	}
	if took < blockedFrom {
		took = 0
	}
	t.hooks.Stream.Sent(items, took)
}

// blockedFrom is how long a Send takes at least to be called blocked: what is less
// is the work of sending.
const blockedFrom = time.Millisecond

// Settled tells what Hooks.Settled hears.
func (t Tracer) Settled(group, namespace string, kind Kind, outcome Outcome, took time.Duration) {
	if t.hooks.Settled != nil {
		t.hooks.Settled(group, namespace, kind, outcome, took)
	}
}

// SettlementFailed tells what Hooks.SettlementFailed hears.
func (t Tracer) SettlementFailed(group, code string) {
	if t.hooks.SettlementFailed != nil {
		t.hooks.SettlementFailed(group, code)
	}
}

// Dropped tells what Hooks.Dropped hears.
func (t Tracer) Dropped(group, namespace string, kind Kind, why Drop) {
	if t.hooks.Dropped != nil {
		t.hooks.Dropped(group, namespace, kind, why)
	}
}

// Backlog tells what Hooks.Backlog hears.
func (t Tracer) Backlog(group string, b Backlog) {
	if t.hooks.Backlog != nil {
		t.hooks.Backlog(group, b)
	}
}

// Undecided tells what Hooks.Undecided hears.
func (t Tracer) Undecided(why Undecided) {
	if t.hooks.Undecided != nil {
		t.hooks.Undecided(why)
	}
}

// Command tells what Hooks.Command hears.
func (t Tracer) Command(op, code string) {
	if t.hooks.Command != nil {
		t.hooks.Command(op, code)
	}
}

// CommandBound tells what Hooks.CommandBound hears.
func (t Tracer) CommandBound(bound string) {
	if t.hooks.CommandBound != nil {
		t.hooks.CommandBound(bound)
	}
}

// NoAuthorizer tells what Hooks.NoAuthorizer hears.
func (t Tracer) NoAuthorizer(group, namespace string) {
	if t.hooks.NoAuthorizer != nil {
		t.hooks.NoAuthorizer(group, namespace)
	}
}

// AuthFailed tells what Hooks.AuthFailed hears.
func (t Tracer) AuthFailed() {
	if t.hooks.AuthFailed != nil {
		t.hooks.AuthFailed()
	}
}

// Slowed tells what Hooks.Slowed hears.
func (t Tracer) Slowed(why Slowed, d time.Duration) {
	if t.hooks.Slowed != nil {
		t.hooks.Slowed(why, d)
	}
}

// PanicRecovered tells what Hooks.PanicRecovered hears.
func (t Tracer) PanicRecovered(place string) {
	if t.hooks.PanicRecovered != nil {
		t.hooks.PanicRecovered(place)
	}
}

// Delivered tells what Hooks.Delivered hears.
func (t Tracer) Delivered(kind Kind, attempt uint32) {
	if t.hooks.Delivered != nil {
		t.hooks.Delivered(kind, attempt)
	}
}

// Revoked tells what Hooks.Revoked hears.
func (t Tracer) Revoked(kind Kind, reason string) {
	if t.hooks.Revoked != nil {
		t.hooks.Revoked(kind, reason)
	}
}

// Parked tells what Hooks.Parked hears.
func (t Tracer) Parked(group string, events int, bytes int64) {
	if t.hooks.Parked != nil {
		t.hooks.Parked(group, events, bytes)
	}
}

// WindowStalled tells what Hooks.WindowStalled hears.
func (t Tracer) WindowStalled(group string) {
	if t.hooks.WindowStalled != nil {
		t.hooks.WindowStalled(group)
	}
}

// Moved tells what Hooks.Moved hears.
func (t Tracer) Moved(sockets int) {
	if t.hooks.Moved != nil {
		t.hooks.Moved(sockets)
	}
}

// DecisionCache tells what Hooks.DecisionCache hears.
func (t Tracer) DecisionCache(what CacheEvent) {
	if t.hooks.DecisionCache != nil {
		t.hooks.DecisionCache(what)
	}
}
