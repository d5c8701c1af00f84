package socketio

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/rooms"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// recovering is what a namespace has so that its browsers can come back. A namespace has none while recovery is off.
type recovering struct {
	// set at construction
	store *recovery.Store
	log   *recovery.Log
	// sessions are shared by it. Nil: they are not.
	sessions Sessions
	// away has the sessions that are away: each keeps its rooms.
	away *rooms.Table
	// adopting are the sessions that come from other hubs, while it is not known what they have missed: everything that is
	// emitted is put into the log. Guarded by mu.
	adopting adoptions

	// mu puts emissions, changes of rooms, comings and goings into one order, in which the log has them and in which
	// each browser gets them: else a browser could have handled a packet and not one before it. Taken before
	// Socket.mu; held while an emission is queued and never while anything is written that could wait. It guards what
	// sessions have in Trail and Kept as well.
	mu sync.Mutex
}

// kept is what a session has that its socket, once it has left, has no longer. It hangs at recovery.Session.Kept.
type kept struct {
	namespace *namespace // set at construction

	// Guarded by recovering.mu. socket is nil while the session is away; all behind the memo is meaningful then.
	socket       *Socket
	memo         any // Acceptance.Memo
	memoBytes    int64
	data         []byte
	version      uint64
	policy       *policy
	roomsVersion uint64
	left         time.Time
	mustAsk      bool
}

func keptOf(session *recovery.Session) *kept { return session.Kept.(*kept) }

// newRecovering is that of a new namespace. Nil while recovery is off, or off there.
func (n *namespace) newRecovering() *recovering {
	c := &n.server.comeback
	if c.recovery == nil || slices.Contains(c.without, n.name) {
		return nil
	}
	r := &recovering{store: c.recovery, sessions: c.sessions, away: rooms.New(n.watchAway())}
	var of cluster.Position
	if r.sessions != nil {
		of = r.sessions.Applied(n.name)
	}
	r.log = c.recovery.Logs.New(of)
	return r
}

// lock takes the order of a namespace. It does nothing while recovery is off; so does unlock.
func (r *recovering) lock() {
	if r != nil {
		r.mu.Lock()
	}
}

func (r *recovering) unlock() {
	if r != nil {
		r.mu.Unlock()
	}
}

// emitKept is namespace.emit for a message that is kept for those who may miss it. All get its offset as last argument.
//
// Source: socket.io-adapter 2.5, SessionAwareAdapter.broadcast.
func (n *namespace) emitKept(b *engineio.Batch, t cluster.Target, m *cluster.Message, is *Issue) (o Outcome) {
	defer n.server.recoveryFull.write()
	own := batches.orOwn(b)
	defer own.release() // after mu was let go
	r := n.recovering
	r.mu.Lock()
	defer r.mu.Unlock()
	members := pick(n.rooms, t)
	defer members.release()
	away := r.away.Count(t)
	if len(members.list) == 0 && away == 0 && len(r.adopting) == 0 {
		is.Place, is.Unshared = r.note(is.Mark), is.Unshared && n.server.sharing.Load()
		return o
	}
	at := r.log.Next(is.Mark)
	is.Place = at.Place
	stamped, bare := r.stamped(m, at)
	entry := recovery.NewEntry(t, stamped)
	entry.ArgsBytes, entry.Unshared = bare, is.Unshared && !n.server.sharing.Load()
	is.Unshared = is.Unshared && !entry.Unshared // somebody has to share it
	if r.log.Append(entry, is.Mark, at) {
		o.Stored = away
	}
	r.adopting.first(is.Mark)
	p := siopacket.Packet{Type: siopacket.Event, Namespace: n.name, Name: m.Event, Payload: stamped.Args}
	e := emission{parsers: &n.server.parsers, packet: p, attachments: m.Attachments, shared: len(members.list) > 1}
	f := flags{noCompress: m.NoCompress}
	for _, member := range members.list {
		s := member.(*Socket)
		if s.recovery != nil {
			if s.recovery.Had(&is.Mark) {
				continue
			}
			s.recovery.Trail.Sent(at) // it was for it, even if it cannot be queued
		}
		o.add(s.send(own.Batch, e.unit(s.client.form), f))
	}
	return o
}

// stamped is a message with the offset of a point behind its arguments, of which the first bare bytes are as they were.
func (r *recovering) stamped(m *cluster.Message, at recovery.Point) (stamped cluster.Message, bare int) {
	stamped = *m
	var offset [96]byte
	stamped.Args, bare = stamp(m.Args, r.store.Logs.AppendOffset(offset[:0], at))
	return stamped, bare
}

// stamp is an array of arguments with an offset behind them.
func stamp(args, offset []byte) (stamped []byte, bare int) {
	const room = 8
	args = bytes.TrimRight(args, " \t\r\n")
	if len(args) == 0 {
		args = []byte("[]")
	}
	args = bytes.TrimRight(args[:len(args)-1], " \t\r\n") // without the bracket
	out := append(make([]byte, 0, len(args)+len(offset)+room), args...)
	if len(args) > 1 {
		out = append(out, ',')
	}
	out = append(append(out, '"'), offset...)
	return append(out, '"', ']'), len(args)
}

// recoverable are the reasons after which a browser may come back.
//
// Source: socket.io 4.8, socket.ts, RECOVERABLE_DISCONNECT_REASONS. That has `server shutting down` as well, after which a
// session can be taken up at another hub alone.
func recoverable(reason string) bool {
	switch reason {
	case string(engineio.ReasonTransportClose), string(engineio.ReasonTransportError), string(engineio.ReasonPingTimeout),
		string(engineio.ReasonForcedClose), ReasonForcedServerClose:
		return true
	}
	return false
}

// begin gives a socket that joins a session. With mu held.
func (r *recovering) begin(s *Socket, a Acceptance) {
	s.recovery = r.store.Open(s.namespace.name, s.id, s.user)
	s.recovery.Kept = &kept{namespace: s.namespace, socket: s, memo: a.Memo, memoBytes: a.MemoBytes}
	s.recovery.Trail.Join(r.log.Head())
	s.client.server.keeper.touch(s.recovery)
}

// parting lets the session of a socket that has closed wait for its browser, if it may come back, and gives mu back,
// which whoever closes it has taken. stays says that it goes on holding the namespace.
func (r *recovering) parting(s *Socket, end *Disconnect, rooms []string) (stays bool) {
	if r == nil {
		return false
	}
	session := s.recovery
	if session == nil {
		r.mu.Unlock()
		return false
	}
	var evicted []*recovery.Session
	var goes *recovery.Record
	switch k := keptOf(session); {
	case recoverable(end.Reason):
		s.mu.Lock()
		k.leave(s, end)
		session.Trail.Leave(r.reach(s.namespace.name))
		if stays, evicted = r.store.Leave(session, heldBy(session, rooms)); stays {
			r.away.Add(session)
			r.away.Join(session, rooms...)
			end.RecoverableUntil = k.left.Add(r.store.MaxDuration())
			s.client.server.keeper.touch(session)
		}
		s.mu.Unlock()
	case end.Reason == ReasonServerShuttingDown && r.sessions != nil && r.store.Alive(session):
		s.mu.Lock()
		k.leave(s, end)
		session.Trail.Leave(r.reach(s.namespace.name))
		goes = r.store.Record(session, rooms)
		k.fill(goes)
		end.RecoverableUntil = k.left.Add(r.store.MaxDuration())
		s.mu.Unlock()
		r.store.End(session)
	default:
		r.store.End(session)
	}
	r.mu.Unlock()
	if goes != nil {
		s.client.server.keepElsewhere(goes)
	}
	for _, other := range evicted {
		forget(other)
	}
	s.client.server.recoveryFull.write()
	return stays
}

// leave takes over what a socket had that leaves. With recovering.mu and Socket.mu held.
func (k *kept) leave(s *Socket, end *Disconnect) {
	k.socket = nil
	k.data, k.version = s.data.get()
	k.roomsVersion = s.membership.version
	k.policy, k.left, k.mustAsk = s.policy.Load(), time.Now(), k.mustAsk || end.mustAsk
}

const (
	// awayUserBytes is what a user takes of a session that is away, beside its name; awayRoomBytes is what a room does.
	awayUserBytes = 256
	awayRoomBytes = 256
	// policyBytes is what a policy takes beside its patterns.
	policyBytes = 256
)

// heldBy is what a session that is away, and in these rooms, takes.
func heldBy(session *recovery.Session, rooms []string) int64 {
	return keptOf(session).holds(session.User(), rooms) + session.Trail.Bytes() + session.Carries()
}

// holds is what is kept of a session of a user, in these rooms.
func (k *kept) holds(user string, rooms []string) int64 {
	size := k.memoBytes + int64(len(k.data))
	if user != "" {
		size += int64(len(user)) + awayUserBytes
	}
	for _, room := range rooms {
		size += int64(len(room)) + awayRoomBytes
	}
	if k.policy != nil {
		size += policyBytes
		for _, pattern := range k.policy.Events {
			size += int64(len(pattern)) + awayRoomBytes/8
		}
	}
	return size
}

// forget forgets a session that has ended while it was away, or reserved. Nothing is locked.
func forget(session *recovery.Session) {
	n := keptOf(session).namespace
	n.recovering.mu.Lock()
	n.recovering.away.Remove(session)
	n.recovering.mu.Unlock()
	n.server.notes.tell()
	n.server.namespaces.release(n)
}
