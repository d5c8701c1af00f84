package controlplane

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// connects are the connect attempts without a decision.
type connects struct {
	srv *Server

	mu      sync.Mutex // guards the fields below; a leaf
	open    map[*connect]struct{}
	closing bool
	swept   time.Time // when sweep last looked
}

func newConnects(s *Server) *connects {
	return &connects{srv: s, open: make(map[*connect]struct{})}
}

// connect is one attempt. It is given to one instance after another until somebody
// decides, or its time is over. Whoever takes its delivery out of the dispatcher for
// good (a settlement with Finish, the timer with Cancel) answers the browser: so that
// happens once.
type connect struct {
	srv      *Server
	attempt  *hub.ConnectAttempt
	deadline time.Time
	timer    *time.Timer // set by add
	closed   atomic.Bool
	// try is the last one; written while the delivery is handed over, read once it is back.
	try struct {
		instance string
		identity uint64
		attempt  uint32
	}

	mu       sync.Mutex // guards the fields below; taken before a group's
	group    *group     // nil: no authorizer is known
	lane     *dispatch.Lane
	delivery *dispatch.Delivery
}

// Connect implements hub.Application.
func (s *Server) Connect(a *hub.ConnectAttempt) {
	c := &connect{srv: s, attempt: a, deadline: time.Now().Add(s.config.Connect.Total)}
	why := s.connects.add(c)
	if why == UndecidedLimit && s.connects.sweep() {
		why = s.connects.add(c)
	}
	if why != "" {
		s.trace.undecided(why)
		s.debugUndecided(a, why)
		_ = a.Undecided() // it may have gone, which is as good
		return
	}
	if s.debugging() {
		s.debugSocket("connect attempt", subject{namespace: a.Namespace(), socket: a.SocketID()})
	}
	c.route()
}

// add registers an attempt and starts its timer, or says why it cannot be kept.
func (cs *connects) add(c *connect) Undecided {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case cs.closing:
		return UndecidedShutdown
	case len(cs.open) >= cs.srv.config.Connect.MaxUndecided:
		return UndecidedLimit
	}
	cs.open[c] = struct{}{}
	c.mu.Lock() // expire waits until the timer is in its place
	c.timer = time.AfterFunc(cs.srv.config.Connect.Total, c.expire)
	c.mu.Unlock()
	return ""
}

// sweepInterval is how often sweep looks: whoever fills the room must not make each
// newcomer search it.
const sweepInterval = time.Second

// sweep ends the attempts of browsers that have gone, so that strangers who come and
// leave do not take the room of those who stay. What an instance holds is left to it:
// its window bounds that, and its late accept is to hear CANCELLED. False means that it
// is too early.
func (cs *connects) sweep() bool {
	cs.mu.Lock()
	early := time.Since(cs.swept) < sweepInterval
	if !early {
		cs.swept = time.Now()
	}
	cs.mu.Unlock()
	if early {
		return false
	}
	for _, c := range cs.all() {
		if c.attempt.Gone() && c.waits() {
			c.cancel(UndecidedGone)
		}
	}
	return true
}

// len counts the attempts without a decision.
func (cs *connects) len() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}

// all returns the attempts without a decision.
func (cs *connects) all() []*connect {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	open := make([]*connect, 0, len(cs.open))
	for c := range cs.open {
		open = append(open, c)
	}
	return open
}

// reroute looks at all attempts again after the routes have changed.
func (cs *connects) reroute() {
	for _, c := range cs.all() {
		c.route()
	}
}

// close ends all attempts without a decision.
func (cs *connects) close() {
	cs.mu.Lock()
	cs.closing = true
	cs.mu.Unlock()
	for _, c := range cs.all() {
		c.cancel(UndecidedShutdown)
	}
}

// route gives the attempt to the authorizer of its namespace, if one is known. One
// that waits for a group that is away moves when another group took its place.
func (c *connect) route() {
	claim := c.srv.routes.table.Load().View(c.attempt.Namespace()).Authorizer()
	if claim == nil {
		return
	}
	c.mu.Lock()
	old := c.group
	if old == claim.Group || c.closed.Load() {
		c.mu.Unlock()
		return
	}
	if old != nil && (old.Absent(time.Now()) == 0 || !c.lane.Cancel(c.delivery, dispatch.ReasonCancelled)) {
		c.mu.Unlock()
		return
	}
	d := &dispatch.Delivery{Kind: dispatch.Connect, Body: c, Bytes: len(c.attempt.Auth())}
	lane := claim.Group.NewSolo(c)
	c.group, c.lane, c.delivery = claim.Group, lane, d
	c.mu.Unlock()
	if lane.Push(d) {
		return
	}
	// The group was forgotten at this moment: another authorizer has to come.
	c.mu.Lock()
	if c.lane == lane {
		c.group, c.lane, c.delivery = nil, nil, nil
	}
	c.mu.Unlock()
}

// tried starts the time of a try. It is called with the instance's mutex held.
func (c *connect) tried(instance string, t *dispatch.Try) {
	c.try.instance, c.try.identity, c.try.attempt = instance, t.Identity, t.Attempt
	c.timer.Reset(min(c.srv.config.Connect.Try, time.Until(c.deadline)))
}

// expire ends a try, or the attempt.
func (c *connect) expire() {
	c.mu.Lock()
	lane, d := c.lane, c.delivery
	c.mu.Unlock()
	if c.closed.Load() {
		return
	}
	left := time.Until(c.deadline)
	if left <= 0 {
		c.cancel(UndecidedTimeout)
		return
	}
	// If another instance takes it at once, tried sets the timer to the next try.
	c.timer.Reset(left)
	if lane != nil {
		c.again(lane, d)
	}
}

// again gives the attempt to another instance, if one is there.
func (c *connect) again(lane *dispatch.Lane, d *dispatch.Delivery) {
	c.mu.Lock()
	if c.lane != lane || c.closed.Load() || !c.group.Other(c.try.instance, d) || !lane.Cancel(d, dispatch.ReasonTimeout) {
		c.mu.Unlock()
		return
	}
	d = &dispatch.Delivery{Kind: dispatch.Connect, Body: c, Bytes: d.Bytes}
	d.Preset(c.try.identity, c.try.attempt)
	lane = c.group.NewSolo(c)
	lane.Avoid(c.try.instance)
	c.lane, c.delivery = lane, d
	c.mu.Unlock()
	lane.Push(d)
}

// Ended implements dispatch.SoloOwner.
func (c *connect) Ended(*dispatch.Delivery, dispatch.Drop) {
	go c.undecided(UndecidedNacked)
}

// cancel ends the attempt without a decision, unless a decision is just being
// carried out: then it looks again, for that may fail for its content.
func (c *connect) cancel(why Undecided) {
	c.mu.Lock()
	lane, d := c.lane, c.delivery
	free := lane == nil || lane.Cancel(d, dispatch.ReasonCancelled)
	if free {
		c.closed.Store(true)
	}
	c.mu.Unlock()
	if !free {
		c.timer.Reset(cancelAgain)
		return
	}
	c.undecided(why)
}

// waits reports whether no instance holds the attempt.
func (c *connect) waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lane == nil || c.lane.Waits(c.delivery)
}

// cancelAgain is when an attempt is looked at again whose settlement was being
// carried out as its time ended.
const cancelAgain = 100 * time.Millisecond

// undecided tells the browser that nobody decided. The delivery is out of the
// dispatcher already.
func (c *connect) undecided(why Undecided) {
	c.close()
	c.srv.trace.undecided(why)
	c.srv.debugUndecided(c.attempt, why)
	_ = c.attempt.Undecided() // it may have gone, which is as good
}

// close forgets the attempt.
func (c *connect) close() {
	c.closed.Store(true)
	c.timer.Stop()
	cs := c.srv.connects
	cs.mu.Lock()
	delete(cs.open, c)
	cs.mu.Unlock()
}
