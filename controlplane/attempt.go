package controlplane

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/controlplane/internal/timequeue"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// connect is one attempt. It is given to an instance of the authorizer's group; when
// that takes long and another one is there, to that as well: the first decision counts,
// and takes the other tries back. A try that fails is repeated with backoff.
type connect struct {
	srv        *Server
	attempt    *hub.ConnectAttempt
	generation uint64 // of kept decisions, when it began

	// All tries are the same delivery for a service.
	identity atomic.Uint64
	attempts atomic.Uint32

	mu       sync.Mutex // guards the fields below; taken before a dispatch group's
	group    *group     // nil: no authorizer is known
	pattern  string     // of the namespaces that it decides about together
	tries    []*try
	failures int
	retryAt  time.Time // no try begins before
	closed   bool
	// facts are what its token is looked for in, while the keys of the token's issuer are
	// being fetched. Nobody else is asked meanwhile.
	facts *access.BrowserFacts

	when timequeue.Slot[*connect] // when to look at it; guarded by connects.mu
}

const (
	// maxTries is how many instances are asked at the same time.
	maxTries = 2
	// lookAgain is when to look again at something that comes without a call.
	lookAgain = time.Second
)

// soon asks for a look at the attempt, at the latest at that time. It may be called
// with locks of the dispatcher held.
func (c *connect) soon(at time.Time) { c.srv.connects.soon(c, at) }

// look does what is due, and asks for the next look.
func (c *connect) look(now time.Time) {
	if c.lookForKeys(now) {
		return
	}
	c.mu.Lock()
	next := c.lookLocked(now)
	c.mu.Unlock()
	if !next.IsZero() {
		c.soon(next)
	}
}

// lookLocked returns when to look again. The zero time means that something else asks
// for that.
func (c *connect) lookLocked(now time.Time) (next time.Time) {
	if c.closed {
		// One was just being settled when the attempt was over. If it was given back since,
		// nobody is to be asked any more.
		c.cancelTries(nil, dispatch.ReasonDecided)
		c.tries = nil
		return time.Time{}
	}
	c.dropFailed(now)
	if wait := c.follow(now); !wait.IsZero() || c.group == nil {
		return wait
	}
	switch {
	case now.Before(c.retryAt):
		return c.retryAt
	case len(c.tries) == 0:
		c.ask("")
	case len(c.tries) < maxTries:
		return c.askBeside(now)
	default:
		c.dropTwin()
	}
	return time.Time{}
}

// dropFailed forgets the tries that the dispatcher has given up.
func (c *connect) dropFailed(now time.Time) {
	for i := len(c.tries) - 1; i >= 0; i-- {
		if t := c.tries[i]; t.failed.Load() {
			c.drop(t)
			c.again(now)
		}
	}
}

// follow gives the attempt to the authorizer of its namespace, if one is known. Whoever
// has it goes on while another group takes its place, within its time: what is
// returned is when that is over, or zero.
func (c *connect) follow(now time.Time) (wait time.Time) {
	claim := c.srv.routes.table.Load().View(c.attempt.Namespace()).Authorizer()
	if claim == nil {
		return time.Time{}
	}
	if claim.Group == c.group {
		c.pattern = claim.Namespace
		return time.Time{}
	}
	if c.group != nil && c.group.Absent(now) == 0 {
		for _, t := range c.tries {
			if alone := t.until(); now.Before(alone) && !t.lane.Waits(t.delivery) {
				return alone
			}
		}
	}
	if !c.cancelTries(nil, dispatch.ReasonMoved) {
		return now.Add(lookAgain) // it is just being settled, which counts
	}
	c.group, c.pattern, c.retryAt = claim.Group, claim.Namespace, time.Time{}
	return time.Time{}
}

// ask begins a try with any instance but one.
func (c *connect) ask(avoid string) {
	t := &try{connect: c}
	t.delivery = &dispatch.Delivery{
		Kind: dispatch.Connect, Body: t, Bytes: len(c.attempt.Auth()) + attemptBytes,
	}
	if id := c.identity.Load(); id != 0 {
		t.delivery.Preset(id, c.attempts.Load())
	}
	t.lane = c.group.NewSolo(t, dispatch.Share{Kind: dispatch.Connect, Of: c.pattern})
	if avoid != "" {
		t.lane.Avoid(avoid)
	}
	c.tries = append(c.tries, t)
	if !t.lane.Push(t.delivery) {
		// The group was forgotten at this moment: another authorizer has to come.
		c.drop(t)
	}
}

// attemptBytes is about what a handshake takes.
const attemptBytes = 2 << 10

// askBeside begins a second try, once the first one takes long and another instance is
// there. It returns when to look again.
func (c *connect) askBeside(now time.Time) time.Time {
	t := c.tries[0]
	with, alone := t.instance.Load(), t.until()
	switch {
	case with == nil:
		return time.Time{} // it has not been handed over
	case now.Before(alone):
		return alone
	case t.lane.Waits(t.delivery), !c.group.Other(*with, t.delivery):
		return now.Add(lookAgain)
	}
	c.ask(*with)
	return time.Time{}
}

// dropTwin takes one try back when both have come to the same instance, because it took
// over the work of a lost one.
func (c *connect) dropTwin() {
	a, b := c.tries[0], c.tries[1]
	at, bt := a.instance.Load(), b.instance.Load()
	if at == nil || bt == nil || *at != *bt || a.lane.Waits(a.delivery) || b.lane.Waits(b.delivery) {
		return
	}
	if a.begun.Load() < b.begun.Load() {
		a = b
	}
	if a.lane.Cancel(a.delivery, dispatch.ReasonMoved) {
		c.drop(a)
	}
}

// drop forgets a try.
func (c *connect) drop(t *try) {
	for i := range c.tries {
		if c.tries[i] == t {
			c.tries = append(c.tries[:i:i], c.tries[i+1:]...)
			return
		}
	}
}

// again lets a try that has failed be repeated.
func (c *connect) again(now time.Time) {
	c.failures++
	c.retryAt = now.Add(ledger.Spacing(c.failures, rand.Float64))
	c.soon(c.retryAt)
}

// failed ends a try that an instance gave up.
func (c *connect) failed(t *try) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.drop(t)
		c.again(time.Now())
	}
}

// cancelTries takes all tries back but one. It reports false when another one is just
// being settled: that one counts.
func (c *connect) cancelTries(but *try, why dispatch.Reason) bool {
	var left []*try
	for _, t := range c.tries {
		if t != but && !t.lane.Cancel(t.delivery, why) && !t.failed.Load() {
			left = append(left, t)
		}
	}
	c.tries = left
	return len(left) == 0
}

// close forgets the attempt, and takes back what instances still have of it. By is the
// try that has decided it, or nil.
func (c *connect) close(by *try, why dispatch.Reason) {
	c.srv.connects.remove(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed, c.facts = true, nil
	if !c.cancelTries(by, why) {
		c.soon(time.Now().Add(lookAgain))
	}
}

// gone ends an attempt whose browser has left.
func (c *connect) gone() {
	c.undecided(trace.UndecidedGone)
	c.mu.Lock()
	tries := append([]*try(nil), c.tries...)
	c.mu.Unlock()
	// Who settles it late hears why. It may be handed over until it is closed.
	for _, t := range tries {
		c.srv.connects.left.Add(t.seq.Load())
	}
	c.close(nil, dispatch.ReasonBrowserGone)
	for _, t := range tries {
		c.srv.connects.left.Add(t.seq.Load())
	}
}

// shutdown ends an attempt because the control plane does.
func (c *connect) shutdown() {
	c.close(nil, dispatch.ReasonCancelled)
	c.sendAway(trace.UndecidedShutdown)
}

// sendAway tells the browser that nobody decides. One that has gone, or was answered at
// this moment, is told of by whoever saw that.
func (c *connect) sendAway(why trace.Undecided) {
	if c.attempt.Undecided() == nil {
		c.undecided(why)
	}
}

// undecided tells that the attempt ended without a decision.
func (c *connect) undecided(why trace.Undecided) {
	c.srv.trace.Undecided(why)
	c.srv.debugUndecided(c.attempt, why)
	c.srv.observers.Decided(c.attempt, copies.Decision{Outcome: copies.OutcomeUndecided, Message: string(why)})
}

// try is one asking of one instance: the body of a delivery.
type try struct {
	connect  *connect
	lane     *dispatch.Solo
	delivery *dispatch.Delivery

	// Set when it is handed over, with a lock of the dispatcher held.
	instance atomic.Pointer[string]
	seq      atomic.Uint64
	begun    atomic.Int64 // nanoseconds since Server.started; 0 before
	patience atomic.Int64 // how long it has alone, nanoseconds
	failed   atomic.Bool  // the dispatcher has given it up
}

// handed is called when the try goes to an instance, with a lock of the dispatcher held.
func (t *try) handed(a *attachment, d dispatch.Try) {
	c := t.connect
	c.identity.CompareAndSwap(0, d.Identity)
	c.attempts.Store(max(c.attempts.Load(), d.Attempt))
	patience := c.srv.config.Connect.Try
	if s, ok := d.Terms.Subscription.(*subscription.Subscription); ok && s != nil && s.Timeout > 0 {
		patience = s.Timeout
	}
	now := time.Now()
	t.instance.Store(&a.instance)
	t.seq.Store(d.Seq)
	t.patience.Store(int64(patience))
	t.begun.Store(int64(max(now.Sub(c.srv.started), 1))) // the wall clock may jump
	if d.Attempt > 1 {
		c.soon(now) // it may have come to where another try is
	}
	c.soon(now.Add(patience))
}

// Ended implements dispatch.SoloOwner: the try was lost too often.
func (t *try) Ended(*dispatch.Delivery, dispatch.Drop) {
	t.failed.Store(true)
	t.connect.soon(time.Now())
}

// undelivered implements undeliverable.
func (t *try) undelivered(_ *attachment, _ *hubv1.Status) {
	c := t.connect
	c.srv.trace.Undecided(trace.UndecidedNacked)
	c.srv.debugUndecided(c.attempt, trace.UndecidedNacked)
	c.failed(t)
}

// alone is how long the instance has it alone.
func (t *try) alone() time.Duration { return time.Duration(t.patience.Load()) }

// until is until when the instance has it alone. The zero time before it has it.
func (t *try) until() time.Time {
	begun := t.begun.Load()
	if begun == 0 {
		return time.Time{}
	}
	return t.connect.srv.started.Add(time.Duration(begun) + t.alone())
}
