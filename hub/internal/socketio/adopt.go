package socketio

import (
	"slices"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// adoptions are those under way in a namespace.
type adoptions []*adoption

// adoption is a session that comes from another hub, while it is looked for what it has missed between there and here.
//
// From the moment at which it was taken up here, this namespace's log has all that is emitted. What is before stands in
// the engine's: others' up to the first of them that the log here has, and this hub's own up to a number.
type adoption struct {
	of      *comeback
	session *recovery.Session
	claim   recovery.Claim
	record  *recovery.Record
	carried []recovery.Carried
	// Guarded by recovering.mu. Zero: there was none yet.
	first cluster.Position
	own   uint64
}

// first notes the first of others' emissions. With mu held.
func (all adoptions) first(m recovery.Mark) {
	if !m.Foreign || m.Of == (cluster.Position{}) {
		return
	}
	for _, one := range all {
		if one.first == (cluster.Position{}) {
			one.first = m.Of
		}
	}
}

// adopt takes a session that comes from another hub, and finds out what it has missed. It is reserved for the holder then, or
// nil where it begins anew. adopted is called once, from any goroutine.
func (c *comeback) adopt(r *recovery.Record, claim recovery.Claim, holder any, adopted func(*recovery.Session)) {
	from, first, err := r.Start(claim)
	one := c.takeIn(r, claim, from, holder)
	if one == nil {
		c.trace.recovery(RecoveryUnknown)
		adopted(nil)
		return
	}
	one.carried = slices.Clone(first)
	trace := recovery.NewRetrace(r, from, maxCarried)
	add := func(command *cluster.Command) bool {
		if !trace.Add(command) {
			err = recovery.ErrTooMuch
		}
		return err == nil
	}
	done := func(failed error) {
		passOver := one.leave()
		if err == nil && failed != nil {
			err = recovery.ErrGone
		}
		if err == nil {
			err = one.bring(trace.End(passOver, stamped))
		}
		if err != nil {
			c.beginsAnew(one.session, err)
			adopted(nil)
			return
		}
		adopted(one.session)
	}
	if err != nil {
		done(nil)
		return
	}
	c.sessions.Replay(r.Namespace, from.Of, add, done)
}

func stamped(args []byte, offset string) []byte {
	out, _ := stamp(args, []byte(offset))
	return out
}

// takeIn makes a record a session that is here, reserved. Nil: it cannot be.
func (c *comeback) takeIn(r *recovery.Record, claim recovery.Claim, from recovery.Place, holder any) *adoption {
	n := c.namespaces.hold(r.Namespace)
	if n.recovering == nil || n.rooms.Has(r.ID) || n.recovering.away.Has(r.ID) {
		c.namespaces.release(n) // its browser would be two
		return nil
	}
	k := &kept{
		namespace: n, data: r.Data, version: r.Version, roomsVersion: r.RoomsVersion, mustAsk: r.MustAsk,
		policy: decodePolicy(r.Policy), left: time.Now(),
	}
	if c.memos.Decode != nil && len(r.Memo) > 0 {
		k.memo, k.memoBytes = c.memos.Decode(r.Memo)
	}
	one := &adoption{of: c, record: r, claim: claim}
	rec := n.recovering
	rec.mu.Lock()
	session, evicted := c.recovery.Adopt(r, k.holds(r.User, r.Rooms), holder)
	if session != nil {
		session.Kept = k
		session.Begin(r, from)
		at := rec.reach(n.name)
		session.Trail.Join(at)
		session.Trail.Leave(at)
		rec.away.Add(session)
		rec.away.Join(session, r.Rooms...)
		one.session, one.own = session, c.recovery.Logs.Drawn()
		rec.adopting = append(rec.adopting, one)
	}
	rec.mu.Unlock()
	for _, other := range evicted {
		forget(other)
	}
	c.recoveryFull.write()
	c.notes.tell()
	if session == nil {
		c.namespaces.release(n)
		return nil
	}
	return one
}

// leave ends the time in which everything is put into the log, and tells what of the engine's log is there.
func (one *adoption) leave() (passOver func(*cluster.Command) bool) {
	r := keptOf(one.session).namespace.recovering
	r.mu.Lock()
	r.adopting = slices.DeleteFunc(r.adopting, func(other *adoption) bool { return other == one })
	first, own := one.first, one.own
	r.mu.Unlock()
	hub := one.of.hub
	return func(c *cluster.Command) bool {
		if c.Origin.Hub == hub {
			return c.Origin.Number > own
		}
		return !c.KeepOnly && first != (cluster.Position{}) && !c.Origin.At.Before(first)
	}
}

// bring gives the session what was found.
//
// Errors: recovery.ErrGone.
func (one *adoption) bring(found recovery.Found) error {
	session := one.session
	n := keptOf(session).namespace
	load := &recovery.Carriage{Since: one.claim.Offset, Named: one.claim.Named, Items: append(one.carried, found.Items...)}
	r := n.recovering
	r.mu.Lock()
	session.Bring(load)
	fits := one.of.recovery.Grow(session, load.Bytes())
	r.mu.Unlock()
	one.of.keeper.touch(session)
	if !fits {
		return recovery.ErrTooMuch
	}
	for _, command := range found.Commands {
		if !one.carryOut(n, command) {
			return recovery.ErrGone
		}
	}
	return nil
}

// carryOut does to a session that is away what was meant for it while nobody had it. It reports false if it cannot come back
// then.
func (one *adoption) carryOut(n *namespace, c *cluster.Command) bool {
	r, k := n.recovering, keptOf(one.session)
	r.mu.Lock()
	defer r.mu.Unlock()
	var ends bool
	switch {
	case len(c.Join)+len(c.Leave) > 0:
		_, ends, _ = r.moveAway(one.session, k, c.Join, c.Leave)
	case c.Disconnect != nil:
		k.mustAsk = true
		ends = !c.Disconnect.MayReturn || c.Disconnect.Forget
	case c.Data != nil && one.of.data != nil:
		if change, err := one.of.data(c.Data); err == nil {
			_, _, ends, _ = change.applyAway(one.session, k)
		}
	}
	return !ends
}

// dropCarriedLater forgets what a session has brought along once its browser must have it, or have left.
func (n *namespace) dropCarriedLater(session *recovery.Session) {
	r := n.recovering
	r.mu.Lock()
	isNew := session.IsNew()
	r.mu.Unlock()
	if !isNew {
		return
	}
	time.AfterFunc(n.server.detection, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if k := keptOf(session); k.socket != nil {
			session.DropCarried()
		}
	})
}
