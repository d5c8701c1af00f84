package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// deed is what is done to whoever a target picks. Both report whether it was done. away is called with recovering.mu held,
// and ends reports that the session cannot be taken up any more.
type deed struct {
	live func(*Socket) bool
	away func(*recovery.Session, *kept) (done, ends bool)
}

// reach does something to every session that a target picks, wherever it is: connected, away, or just on its way from one
// to the other.
func (n *namespace) reach(t cluster.Target, do deed) Outcome {
	e := errand{deed: do, recovering: n.recovering}
	members := e.begin(n, t)
	defer members.release()
	for _, m := range members.list {
		e.visit(m.(*Socket))
	}
	for _, session := range e.ended {
		forget(session)
	}
	if n.recovering != nil {
		n.server.recoveryFull.write()
		n.server.notes.tell()
	}
	return e.outcome
}

// errand is a deed on its way.
type errand struct {
	deed
	recovering *recovering // nil: nobody is away
	outcome    Outcome
	ended      []*recovery.Session // to be forgotten, with no lock held
}

// begin picks those who are connected, and at the same moment does it to those who are away.
func (e *errand) begin(n *namespace, t cluster.Target) *picked {
	r := e.recovering
	r.lock()
	defer r.unlock()
	connected := pick(n.rooms, t)
	if r == nil {
		return connected
	}
	away := pick(r.away, t)
	defer away.release()
	for _, m := range away.list {
		e.store(m.(*recovery.Session))
	}
	return connected
}

// store does it to a session that is away. With recovering.mu held.
func (e *errand) store(session *recovery.Session) bool {
	done, ends := e.away(session, keptOf(session))
	if done {
		e.outcome.Stored++
	}
	if ends && e.recovering.store.End(session) {
		e.ended = append(e.ended, session)
	}
	return done
}

// visit does it to a socket that was connected just now. Where its session has gone away meanwhile, or come back with
// another socket, it is followed.
func (e *errand) visit(s *Socket) {
	for {
		done := e.live(s)
		if done || e.recovering == nil || s.recovery == nil || s.Connected() {
			e.outcome.add(done)
			return
		}
		next, stored := e.chase(s)
		switch {
		case stored:
			return
		case next == nil:
			e.outcome.add(false)
			return
		}
		s = next
	}
}

// chase looks for the session of a socket that has left. next is the socket that has it now; nil: it is away, or gone.
func (e *errand) chase(s *Socket) (next *Socket, stored bool) {
	r, session := e.recovering, s.recovery
	r.mu.Lock()
	defer r.mu.Unlock()
	switch k := keptOf(session); {
	case k.socket == s: // it never comes back
		return nil, false
	case k.socket != nil:
		return k.socket, false
	case r.away.Count(cluster.Target{Sockets: []string{session.ID()}}) == 0:
		return nil, false
	}
	return nil, e.store(session)
}

// moveAway makes a session that is away join and then leave rooms. One that would be in too many (limited) is left alone;
// one that would take too much ends, as it could not come back without a gap.
func (r *recovering) moveAway(session *recovery.Session, k *kept, join, leave []string) (done, ends, limited bool) {
	rooms := r.away.Rooms(session)
	if len(join) > 0 && withRooms(rooms, join) > k.namespace.server.limits.Rooms {
		return false, false, true
	}
	before := heldBy(session, rooms)
	joined, left := r.away.Join(session, join...), r.away.Leave(session, leave...)
	if len(joined)+len(left) == 0 {
		return true, false, false
	}
	session.Trail.Moved(r.log.Head(), joined, left)
	k.namespace.server.keeper.touch(session)
	k.roomsVersion++
	fits := r.store.Grow(session, heldBy(session, r.away.Rooms(session))-before)
	return fits, !fits, false
}

// applyAway changes the data of a session that is away, which ends if it would take too much. Merging is done with the
// order of the namespace held, as it is rare.
func (d DataChange) applyAway(session *recovery.Session, k *kept) (version uint64, done, ends bool, err error) {
	if d.Expected != nil && *d.Expected != k.version {
		return k.version, false, false, nil
	}
	data := d.Data
	if d.Merge != nil {
		if data, err = d.Merge(k.data); err != nil {
			return k.version, false, false, err
		}
	}
	if !k.namespace.recovering.store.Grow(session, int64(len(data)-len(k.data))) {
		return k.version, false, true, nil
	}
	k.data = data
	k.version++
	k.namespace.server.keeper.touch(session)
	return k.version, true, false, nil
}
