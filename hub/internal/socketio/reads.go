package socketio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// Hold says how far a client is to be read, see hub.Hold.
type Hold uint8

// The holds.
const (
	HoldNone Hold = iota
	HoldEvents
	HoldAll
)

// reads says whether a client is read: not while anybody holds it. All holds are counted, as each namespace has
// its own.
type reads struct {
	mu          sync.Mutex // guards the fields below; a leaf but for the session's
	events, all int32      // holds of each kind
	owed        int32      // sockets whose browser owes acknowledgements
	paused      bool
}

// hold replaces one hold by another.
func (r *reads) hold(session *engineio.Session, from, to Hold) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(from, -1)
	r.count(to, 1)
	r.settle(session)
}

func (r *reads) count(h Hold, n int32) {
	switch h {
	case HoldEvents:
		r.events += n
	case HoldAll:
		r.all += n
	}
}

// owe counts a socket whose browser has begun to owe acknowledgements, or owes none any more: a client that is
// held for its events is read meanwhile, as its events may wait for whoever waits for the acknowledgement.
func (r *reads) owe(session *engineio.Session, n int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed += n
	r.settle(session)
}

func (r *reads) settle(session *engineio.Session) {
	paused := r.all > 0 || r.events > 0 && r.owed == 0
	switch {
	case paused == r.paused:
	case paused:
		session.Pause()
	default:
		session.Resume()
	}
	r.paused = paused
}

// HoldReads replaces one hold on the client's reading by another.
func (s *Socket) HoldReads(from, to Hold) { s.client.reads.hold(s.client.session, from, to) }
