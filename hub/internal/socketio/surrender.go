package socketio

import (
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/recovery"
)

// maxCarried bounds what a session takes along to another hub, in bytes.
const maxCarried = 4 << 20

// Surrender gives a session to another hub, to which its browser has come. given is called once, from any goroutine, with nil
// if there is none to be had; known says that there was one, which nobody else has then.
func (c *comeback) Surrender(namespace string, claim recovery.Claim, given func(r *recovery.Record, known bool)) {
	if c.recovery == nil {
		given(nil, false)
		return
	}
	holder := &namespace // whom nobody here can look at
	one := claimant{of: c, holder: holder, goOn: func(next func()) { c.trace.guarded(next)() }}
	one.reserve(claim.PID, namespace, onClaim{
		taken: func(session *recovery.Session) {
			r, err := c.pack(session, claim)
			if err != nil {
				c.beginsAnew(session, err)
				given(nil, true)
				return
			}
			c.recovery.LetGo(session)
			endReserved(session, RecoveryMoved)
			if c.keeper == nil {
				given(r, true)
				return
			}
			// What is still on its way to the engine from here must not replace what the other hub keeps there.
			c.sessions.Keep(r.PID, r.Encode(), true, func() { given(r, true) })
		},
		none: func() { given(nil, false) },
		busy: func() { given(nil, true) },
	})
}

// pack makes the record of a session that is reserved, with what its browser has missed. The session has to end.
//
// Errors: those of recovery.Session.Resume, recovery.ErrTooMuch.
func (c *comeback) pack(session *recovery.Session, claim recovery.Claim) (*recovery.Record, error) {
	r := keptOf(session).namespace.recovering
	r.mu.Lock()
	from, first, err := session.Resume(r.log, claim)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	load := recovery.Carriage{Since: claim.Offset, Named: claim.Named, Items: slices.Clone(first)}
	size := load.Bytes()
	err = r.behind(session, from, func(entries []*recovery.Entry) error {
		for _, e := range entries {
			item := recovery.Carried{Offset: string(c.recovery.Logs.AppendOffset(nil, e.Point())), Message: e.Message}
			load.Items = append(load.Items, item)
			size += e.Size()
		}
		if size > maxCarried {
			return recovery.ErrTooMuch
		}
		return nil
	})
	defer r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	k := keptOf(session)
	session.Trail.Leave(r.reach(session.Namespace()))
	record := c.recovery.Record(session, r.away.Rooms(session))
	record.Changes, record.Complete, record.Carried = nil, true, &load
	record.Known = record.Left
	k.fill(record)
	record.Away = time.Since(k.left).Milliseconds()
	return record, nil
}

// reach is how far a namespace has come, with what was for nobody in it.
func (r *recovering) reach(namespace string) recovery.Point {
	if r.sessions == nil {
		return r.log.Head()
	}
	return r.log.Reach(r.sessions.Applied(namespace))
}

// fill gives a record what is kept of a session that is away. With recovering.mu held.
func (k *kept) fill(r *recovery.Record) {
	s := k.namespace.server
	r.Data, r.Version, r.RoomsVersion, r.MustAsk = k.data, k.version, k.roomsVersion, k.mustAsk
	r.Policy = encodePolicy(k.policy)
	if s.memos.Encode != nil && k.memo != nil {
		r.Memo = s.memos.Encode(k.memo)
	}
}
