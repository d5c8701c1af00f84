package socketio

import (
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/recovery"
)

// Recovery is a session that a browser wants to take up.
type Recovery struct {
	// User is that of the session; an acceptance for another one refuses it.
	User string
	// Rooms are those that it is in, sorted.
	Rooms []string
	// DisconnectTime is when it was lost.
	DisconnectTime time.Time
	// MustAsk says that its connection was closed so that the browser shows again who it is.
	MustAsk bool
	// Memo is Acceptance.Memo.
	Memo any
}

// What becomes of a browser's wish to take up its session.
const (
	RecoveryDone    = "recovered"
	RecoveryUnknown = "unknown" // nobody is away with that private id: any more, or not yet
	RecoveryOffset  = "offset"  // the offset is none of the session's
	RecoveryRooms   = "rooms"   // its rooms have changed too often since for what it has missed to be found
	RecoveryGap     = "gap"     // something that it has missed has gone, or it is too much
	RecoveryUser    = "user"    // the acceptance was for another user
	RecoveryDenied  = "denied"  // the browser was not let in
	RecoveryGone    = "gone"    // it has left before it was let in, and may come again
)

// reservation is a session that an attempt may take up.
type reservation struct {
	session *recovery.Session
	// from is where it goes on.
	from  uint64
	facts Recovery
}

// Recovery is the session that the browser wants to take up. Nil: it begins anew.
func (a *Attempt) Recovery() *Recovery {
	if a.reserved == nil {
		return nil
	}
	return &a.reserved.facts
}

// begin asks the application, once it is known what there is to be recovered. In the gate.
func (a *Attempt) begin(auth []byte) {
	s := a.client.server
	if s.recovery == nil || a.client.old() {
		a.ask(auth)
		return
	}
	claim, auth, ok := recovery.Split(auth)
	if !ok {
		a.ask(auth)
		return
	}
	a.reserve(claim, func() {
		s.trace.recovery(RecoveryUnknown)
		a.ask(auth)
	}, func() { a.ask(auth) })
}

// maxTakeovers is how often a browser waits for one that has its session: of a browser whose connections broke while it
// came back each may be about to take it up.
const maxTakeovers = 3

// reserve reserves the session that a browser claims, and goes on with one of two: now, or when whoever has it has left. In
// the gate.
func (a *Attempt) reserve(claim recovery.Claim, unknown, known func()) {
	store := a.client.server.recovery
	var try func(waits int)
	try = func(waits int) {
		session, taken := store.Reserve(claim.PID, a.namespace, a.client)
		switch {
		case taken:
			a.claim(session, claim)
			known()
		case session == nil, waits == 0:
			unknown()
		case !a.await(session, func() { try(waits - 1) }, func() { try(0) }):
			try(waits - 1) // it has left just now
		}
	}
	try(maxTakeovers)
}

// claim keeps a session that was reserved with the attempt, if it can still be taken up.
func (a *Attempt) claim(session *recovery.Session, claim recovery.Claim) {
	s := a.client.server
	r := keptOf(session).namespace.recovering
	at, ok := s.recovery.ParseOffset(claim.Offset)
	r.mu.Lock()
	from, err := session.Trail.Resume(at, claim.Named)
	_, there := r.log.Read(from, nil)
	facts := r.factsLocked(session)
	r.mu.Unlock()
	switch {
	case claim.Named && !ok:
		err = recovery.ErrOffset
	case err == nil && !there:
		err = recovery.ErrGone
	}
	if err != nil {
		s.beginsAnew(session, err)
		return
	}
	a.id = session.ID()
	a.reserved = &reservation{session: session, from: from, facts: facts}
}

// factsLocked are those of a session that is away.
func (r *recovering) factsLocked(session *recovery.Session) Recovery {
	k := keptOf(session)
	rooms := r.away.Rooms(session)
	slices.Sort(rooms)
	return Recovery{User: session.User(), Rooms: rooms, DisconnectTime: k.left, MustAsk: k.mustAsk, Memo: k.memo}
}

// endReserved ends a session that somebody had reserved.
func endReserved(session *recovery.Session, why string) {
	s := keptOf(session).namespace.server
	s.recovery.End(session)
	forget(session)
	s.trace.recovery(why)
	s.recovery.Depart(session)
}

// unreserve ends the attempt's reservation. Its session waits on where the browser may come again.
func (a *Attempt) unreserve(why string) {
	if a.reserved == nil {
		return
	}
	s, session := a.client.server, a.reserved.session
	if why != RecoveryGone {
		endReserved(session, why)
		return
	}
	if s.recovery.Return(session) {
		forget(session)
	}
	s.trace.recovery(why)
}

// restore takes up the session that the attempt has reserved, and reports false for a browser that begins anew. In one
// step: CONNECT and what was missed are queued, and the socket is in its rooms; nothing is lost between them, and nothing
// comes twice.
//
// Beyond the reference CONNECT comes first. Its client keeps what comes before CONNECT, also when the connection breaks
// there, and would have it twice then.
func (in arrival) restore() bool {
	a, s, c := in.attempt, in.socket, in.attempt.client
	session, r := a.reserved.session, s.namespace.recovering
	if in.acceptance.User != session.User() {
		endReserved(session, RecoveryUser)
		return false
	}
	missed, err := r.missed(c, a.reserved)
	if err != nil || !c.server.recovery.Restore(session) {
		r.mu.Unlock()
		c.server.beginsAnew(session, err)
		return false
	}
	s.recovery, s.recovered = session, true
	k := keptOf(session)
	k.socket = s
	if in.acceptance.Memo != nil {
		k.memo, k.memoBytes = in.acceptance.Memo, in.acceptance.MemoBytes
	}
	in.sit()
	for _, u := range missed.units {
		_ = c.session.Send(in.batch, u.messages, u.noCompress) // a failure closes the session, which may come back
	}
	s.resume(k, in.acceptance, r.away.Remove(session))
	k.data, k.policy, k.mustAsk = nil, nil, false
	r.mu.Unlock()
	c.server.namespaces.release(s.namespace) // the session had held it
	c.server.tellNotes()
	c.server.trace.recovery(RecoveryDone)
	return true
}

// resume gives a socket what its session had, and what came with its acceptance. With recovering.mu held.
func (s *Socket) resume(k *kept, acceptance Acceptance, rooms []string) {
	s.mu.Lock()
	s.data.set(k.data, k.version)
	if len(acceptance.Data) > 0 {
		s.data.set(acceptance.Data, k.version+1)
	}
	s.membership.version = k.roomsVersion
	s.mu.Unlock()
	if acceptance.Policy == nil && k.policy != nil {
		s.policy.Store(k.policy)
	}
	s.membership.begin(s, rooms)
	if len(acceptance.Rooms) > 0 && !s.membership.changeInOrder(s, acceptance.Rooms, nil) {
		s.client.server.trace.limitReached("rooms_per_socket")
	}
}
