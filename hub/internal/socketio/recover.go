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
	RecoveryMoved   = "moved"   // it has come to another hub
)

// reservation is a session that an attempt may take up.
type reservation struct {
	session *recovery.Session
	// first is what it has missed at another hub, and from where it goes on here.
	first []recovery.Carried
	from  uint64
	facts Recovery
}

// end ends the reservation. Its session waits on where the browser may come again. It does nothing for nil.
func (r *reservation) end(why string) {
	if r == nil {
		return
	}
	s, session := keptOf(r.session).namespace.server, r.session
	if why != RecoveryGone {
		endReserved(session, why)
		return
	}
	if s.recovery.Return(session) {
		forget(session)
	}
	s.trace.recovery(why)
}

// Recovery is the session that the browser wants to take up. Nil: it begins anew.
func (a *Attempt) Recovery() *Recovery {
	if a.reserved == nil {
		return nil
	}
	return &a.reserved.facts
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
	fits := s.resume(k, in.acceptance, r.away.Rooms(session), func() {
		in.say()
		for _, u := range missed.units {
			_ = c.session.Send(in.batch, u.messages, u.noCompress) // a failure closes the session, which may come back
		}
	})
	r.away.Remove(session) // behind that, so that rooms that it is in are occupied all the time
	k.data, k.policy, k.mustAsk = nil, nil, false
	r.mu.Unlock()
	if !fits {
		c.server.trace.limitReached("rooms_per_socket")
	}
	s.namespace.dropCarriedLater(session)
	c.server.keeper.touch(session)
	c.server.namespaces.release(s.namespace) // the session had held it
	c.server.notes.tell()
	c.server.trace.recovery(RecoveryDone)
	return true
}

// resume gives a socket what its session had, and what came with its acceptance, and then lets its browser know. It reports
// false where it would be in too many rooms, and joins none of the acceptance. With recovering.mu held, and in the gate:
// what there is to tell of its rooms is told afterwards.
func (s *Socket) resume(k *kept, acceptance Acceptance, rooms []string, say func()) (fits bool) {
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
	fits = true
	s.membership.begin(s, rooms, func() {
		if len(acceptance.Rooms) > 0 {
			fits, _ = s.membership.changeLocked(s, acceptance.Rooms, nil)
		}
		say()
	})
	return fits
}
