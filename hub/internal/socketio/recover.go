package socketio

import (
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/siopacket"
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
	RecoveryGap     = "gap"     // something that it has missed has gone
	RecoveryUser    = "user"    // the acceptance was for another user
	RecoveryDenied  = "denied"  // the browser was not let in
	RecoveryGone    = "gone"    // it has left before it was let in, and may come again
)

// takeoverWait is how long a browser waits that comes back before the hub knows that it has left. takeoverLooks is how
// often it is looked in this time whether the one that has the session is there.
const (
	takeoverWait  = time.Second
	takeoverLooks = 10
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

// reserve reserves the session that a browser claims, and goes on with one of two: now, or when the one that is still
// connected with it has left. In the gate.
func (a *Attempt) reserve(claim recovery.Claim, unknown, known func()) {
	store := a.client.server.recovery
	session, isLive := store.Reserve(claim.PID, a.namespace)
	if isLive && a.await(claim.PID, func() {
		if session, _ := store.Reserve(claim.PID, a.namespace); session != nil {
			a.claim(session, claim)
			known()
		} else {
			unknown()
		}
	}) {
		return
	}
	if session == nil {
		unknown()
		return
	}
	a.claim(session, claim)
	known()
}

// await goes on in the gate when a live session has left, or after a time. Over polling, where a broken connection shows
// only while a request is there, a session without one for all of that time leaves. It reports false if it is not live
// any more.
func (a *Attempt) await(pid string, goOn func()) bool {
	store := a.client.server.recovery
	inGate := func() {
		a.client.post(func() {
			if a.state.Load() == stateOpen {
				goOn()
			}
		})
	}
	w := store.Await(pid, inGate)
	if w == nil {
		return false
	}
	t := &takeover{attempt: a, wait: w, of: socketOf(w.Session()), goOn: inGate}
	t.lookLater()
	return true
}

// takeover is a browser that waits for another connection of it to end.
type takeover struct {
	attempt *Attempt
	wait    *recovery.Wait
	of      *Socket // nil: it has left just now
	goOn    func()
	looks   int
	present bool // a request of it was there
}

func (t *takeover) lookLater() {
	time.AfterFunc(takeoverWait/takeoverLooks, t.attempt.client.server.trace.guarded(t.look))
}

func (t *takeover) look() {
	store := t.attempt.client.server.recovery
	if !store.Waiting(t.wait) {
		return
	}
	t.looks++
	t.present = t.present || t.of == nil || !t.of.client.session.Unattended()
	switch {
	case t.looks < takeoverLooks:
		t.lookLater()
	case !t.present:
		c := t.of.client
		c.post(func() { // and we go on
			c.close(Disconnect{Reason: string(engineio.ReasonTransportError), Detail: "the browser has come back over another connection"})
		})
	case store.Forgo(t.wait):
		t.goOn()
	}
}

// socketOf is the socket that has a session, nil while it is away.
func socketOf(session *recovery.Session) *Socket {
	k := keptOf(session)
	k.namespace.recovering.mu.Lock()
	defer k.namespace.recovering.mu.Unlock()
	return k.socket
}

// claim keeps a session that was reserved with the attempt, if it can still be taken up.
func (a *Attempt) claim(session *recovery.Session, claim recovery.Claim) {
	s := a.client.server
	r := keptOf(session).namespace.recovering
	at, ok := s.recovery.ParseOffset(claim.Offset)
	r.mu.Lock()
	from, fits := session.Trail.Resume(at, claim.Named)
	_, there := r.log.Read(from, nil)
	k := keptOf(session)
	rooms := r.away.Rooms(session)
	slices.Sort(rooms)
	facts := Recovery{User: session.User(), Rooms: rooms, DisconnectTime: k.left, MustAsk: k.mustAsk, Memo: k.memo}
	r.mu.Unlock()
	switch {
	case claim.Named && !ok, !fits:
		s.badOffset.Warn("a browser that comes back names an offset that is none of its session's, and begins anew",
			"namespace", shortened(a.namespace), "help", "a volatile event whose last argument is a string passes for an offset")
		endReserved(session, RecoveryOffset)
	case !there:
		endReserved(session, RecoveryGap)
	default:
		a.id = session.ID()
		a.reserved = &reservation{session: session, from: from, facts: facts}
	}
}

// endReserved ends a session that somebody had reserved.
func endReserved(session *recovery.Session, why string) {
	s := keptOf(session).namespace.server
	s.recovery.End(session)
	forget(session)
	s.trace.recovery(why)
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
	units, ok := r.missed(c, a.reserved)
	if ok = ok && c.server.recovery.Restore(session); !ok {
		r.mu.Unlock()
		endReserved(session, RecoveryGap)
		return false
	}
	s.recovery, s.recovered = session, true
	k := keptOf(session)
	k.socket = s
	if in.acceptance.Memo != nil {
		k.memo = in.acceptance.Memo
	}
	in.sit()
	for _, u := range units {
		_ = c.session.Send(in.batch, u.messages, u.noCompress) // a failure closes the session, which may come back
	}
	s.resume(k, in.acceptance, r.away.Remove(session))
	k.data, k.policy = nil, nil
	r.mu.Unlock()
	c.server.namespaces.release(s.namespace) // the session had held it
	c.server.tellNotes()
	c.server.trace.recovery(RecoveryDone)
	return true
}

// unit is one packet for one browser.
type unit struct {
	messages   []*engineio.Message
	noCompress bool
}

// missed makes what a session has missed, and returns with mu held: what is emitted from then on is not among it.
func (r *recovering) missed(c *client, of *reservation) (units []unit, ok bool) {
	var some []*recovery.Entry
	encodeSome := func() {
		for _, e := range some {
			p := siopacket.Packet{Type: siopacket.Event, Namespace: of.session.Namespace(), Name: e.Message.Event, Payload: e.Message.Args}
			units = append(units, unit{c.encode(p, e.Message.Attachments), e.Message.NoCompress})
		}
		some = some[:0]
	}
	r.mu.Lock()
	missed := of.session.Miss(r.log, of.from, r.away.Rooms(of.session))
	for {
		end, ok := missed.Next(func(e *recovery.Entry) { some = append(some, e) })
		if end || !ok {
			encodeSome()
			return units, ok
		}
		r.mu.Unlock() // others have a turn
		encodeSome()
		r.mu.Lock()
	}
}

// resume gives a socket what its session had, and what came with its acceptance. With recovering.mu held.
func (s *Socket) resume(k *kept, acceptance Acceptance, rooms []string) {
	s.mu.Lock()
	s.data, s.version = k.data, k.version
	if len(acceptance.Data) > 0 {
		s.data, s.version = acceptance.Data, k.version+1
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
