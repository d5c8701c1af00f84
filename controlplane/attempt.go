package controlplane

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/hub"
)

// connect is one attempt. It is given to an instance of the authorizer's group; when
// that takes long and another one is there, to that as well: the first decision counts,
// and takes the other tries back. A try that fails is repeated with backoff.
type connect struct {
	srv     *Server
	attempt *hub.ConnectAttempt

	// All tries are the same delivery for a service.
	identity atomic.Uint64
	attempts atomic.Uint32

	mu       sync.Mutex // guards the fields below; taken before a dispatch group's
	group    *group     // nil: no authorizer is known
	tries    []*try
	failures int
	retryAt  time.Time // when there is no try: when the next one is due
	closed   bool
	// facts are what its token is looked for in, while the keys of the token's issuer are
	// being fetched. Nobody else is asked meanwhile.
	facts *BrowserFacts
}

// maxTries is how many instances are asked at the same time.
const maxTries = 2

// defaultTry is how long an instance has alone, unless its subscription says it.
const defaultTry = 5 * time.Second

// try is one asking of one instance: the body of a delivery.
type try struct {
	connect  *connect
	lane     *dispatch.Lane
	delivery *dispatch.Delivery

	// Set when it is handed over, with a lock of the dispatcher held.
	instance atomic.Pointer[string]
	seq      atomic.Uint64
	begun    atomic.Int64 // Unix nanoseconds; 0 before
	patience atomic.Int64 // how long it has alone, nanoseconds
	failed   atomic.Bool  // the dispatcher has given it up
}

// handed is called when the try goes to an instance, with a lock of the dispatcher held.
func (t *try) handed(a *attachment, d dispatch.Try) {
	c := t.connect
	c.identity.CompareAndSwap(0, d.Identity)
	c.attempts.Store(max(c.attempts.Load(), d.Attempt))
	patience := c.srv.config.Connect.Try
	if s, ok := d.Terms.Subscription.(*subscription); ok && s != nil && s.GetSettleTimeout() != nil {
		patience = s.timeout
	}
	t.instance.Store(&a.instance)
	t.seq.Store(d.Seq)
	t.patience.Store(int64(patience))
	t.begun.Store(time.Now().UnixNano())
}

// Ended implements dispatch.SoloOwner: the try was lost too often. The janitor goes on.
func (t *try) Ended(*dispatch.Delivery, dispatch.Drop) { t.failed.Store(true) }

// alone is how long the instance has it alone.
func (t *try) alone() time.Duration { return time.Duration(t.patience.Load()) }

// slow reports whether the instance has had it alone for long enough.
func (t *try) slow(now time.Time) bool {
	begun := t.begun.Load()
	return begun != 0 && time.Duration(now.UnixNano()-begun) >= t.alone()
}

// route gives the attempt to the authorizer of its namespace, if one is known. One
// that waits for a group that is away moves when another group took its place.
func (c *connect) route() {
	claim := c.srv.routes.table.Load().View(c.attempt.Namespace()).Authorizer()
	if claim == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed, c.facts != nil, c.group == claim.Group && (len(c.tries) > 0 || !c.retryAt.IsZero()):
		return
	case c.group != nil && c.group != claim.Group && len(c.tries) > 0:
		if c.group.Absent(time.Now()) == 0 || !c.cancelTries(dispatch.ReasonMoved) {
			return
		}
	}
	c.group, c.retryAt = claim.Group, time.Time{}
	c.ask("")
}

// ask begins a try with any instance but one. The caller holds mu.
func (c *connect) ask(avoid string) {
	t := &try{connect: c}
	t.delivery = &dispatch.Delivery{
		Kind: dispatch.Connect, Body: t, Bytes: len(c.attempt.Auth()) + attemptBytes,
	}
	if id := c.identity.Load(); id != 0 {
		t.delivery.Preset(id, c.attempts.Load())
	}
	t.lane = c.group.NewSolo(t)
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

// drop forgets a try. The caller holds mu.
func (c *connect) drop(t *try) {
	for i := range c.tries {
		if c.tries[i] == t {
			c.tries = append(c.tries[:i:i], c.tries[i+1:]...)
			return
		}
	}
}

// tend begins the tries that are due: beside one that takes long, and after one that
// failed.
func (c *connect) tend(now time.Time) {
	c.tendToken()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.group == nil {
		return
	}
	for _, t := range c.tries {
		if t.failed.Load() {
			c.drop(t)
			c.again(now)
			break
		}
	}
	switch {
	case len(c.tries) == 0 && !c.retryAt.IsZero():
		if !now.Before(c.retryAt) {
			c.retryAt = time.Time{}
			c.ask("")
		}
	case len(c.tries) > 0 && len(c.tries) < maxTries:
		t := c.tries[len(c.tries)-1]
		if with := t.instance.Load(); with != nil && t.slow(now) && c.group.Other(*with, t.delivery) {
			c.ask(*with)
		}
	}
}

// again lets a failed try be repeated, unless another one is still open. The caller
// holds mu.
func (c *connect) again(now time.Time) {
	if len(c.tries) > 0 {
		return
	}
	c.failures++
	c.retryAt = now.Add(ledger.Spacing(c.failures, rand.Float64))
}

// undelivered implements undeliverable.
func (t *try) undelivered(_ *attachment, _ *hubv1.Status) {
	c := t.connect
	c.srv.trace.undecided(UndecidedNacked)
	c.srv.debugUndecided(c.attempt, UndecidedNacked)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.drop(t)
		c.again(time.Now())
	}
}

// cancelTries takes all tries back. It reports false when one of them is just being
// settled: that one counts. The caller holds mu.
func (c *connect) cancelTries(why dispatch.Reason) bool {
	all := true
	left := c.tries[:0]
	for _, t := range c.tries {
		if !t.lane.Cancel(t.delivery, why) && !t.failed.Load() {
			all = false
			left = append(left, t)
		}
	}
	clear(c.tries[len(left):])
	c.tries = left
	return all
}

// close forgets the attempt, and takes back what instances still have of it.
func (c *connect) close(why dispatch.Reason) {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	if !was {
		c.cancelTries(why)
	}
	c.mu.Unlock()
	c.srv.connects.remove(c)
}

// gone ends an attempt whose browser has left.
func (c *connect) gone() {
	c.srv.trace.undecided(UndecidedGone)
	c.srv.debugUndecided(c.attempt, UndecidedGone)
	c.srv.observers.decided(c, decidedBy{outcome: outcomeUndecided, message: string(UndecidedGone)})
	c.mu.Lock()
	for _, t := range c.tries {
		c.srv.connects.left.add(t.seq.Load())
	}
	c.mu.Unlock()
	c.close(dispatch.ReasonBrowserGone)
}

// shutdown ends an attempt because the control plane does.
func (c *connect) shutdown() {
	c.close(dispatch.ReasonCancelled)
	c.srv.trace.undecided(UndecidedShutdown)
	c.srv.debugUndecided(c.attempt, UndecidedShutdown)
	c.srv.observers.decided(c, decidedBy{outcome: outcomeUndecided, message: string(UndecidedShutdown)})
	_ = c.attempt.Undecided() // it may have gone, which is as good
}
