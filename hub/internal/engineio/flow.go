package engineio

import (
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// Why messages of a session are not handed up for a while: bits of flow.reasons.
const (
	// pausedHandler: the Handler wants it, see Session.Pause.
	pausedHandler uint32 = 1 << iota
	// pausedMessage: the rest of a message has to wait for limits.unfinished_bytes.
	pausedMessage
	// pausedEvent: the same for what belongs to an event of which a part has come.
	pausedEvent
	// pausedRate: it has sent too much in too little time.
	pausedRate
	// pausedOutbox: more than half of what the outbox may hold waits for the browser. It ends below a quarter.
	pausedOutbox
	// uploading pauses nothing: the body of a POST is coming in, or its answer waits for the rates, and its browser sends
	// its pong behind it.
	uploading

	// pausedLimits are the pauses that the server makes by itself.
	pausedLimits = pausedMessage | pausedEvent | pausedRate | pausedOutbox
)

// flow is the flow control of one session: it decides whether the browser's messages are handed up now, which is
// what makes its connection be read or not. Whoever reads asks it (paused), and is woken by transport.resumeLocked
// when the last reason has gone.
//
// Its methods may be called at the same time, but for charge and throttle.
type flow struct {
	session *Session
	meter   rates.Meter // see charge; owned by whoever hands up messages
	reasons atomic.Uint32
}

// paused reports whether messages are to wait. A session that is over drops them.
func (f *flow) paused() bool {
	return f.reasons.Load()&(pausedHandler|pausedLimits) != 0 && !f.session.over.Load()
}

// pausedBy reports whether there is this reason.
func (f *flow) pausedBy(reason uint32) bool { return f.reasons.Load()&reason != 0 }

// pongUnread reports whether a pong may have been sent that was not read.
func (f *flow) pongUnread() bool { return f.reasons.Load() != 0 }

// pause adds a reason to wait. resume takes it away, from any goroutine.
func (f *flow) pause(reason uint32) { f.reasons.Or(reason) }

func (f *flow) resume(reason uint32) {
	if !f.pausedBy(reason) {
		return
	}
	s := f.session
	s.server.heartbeat.extend(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.reasons.And(^reason)
	s.transport.resumeLocked()
}

// withdraw takes a reason away for which nobody waits yet.
func (f *flow) withdraw(reason uint32) { f.reasons.And(^reason) }

// outboxShrunk resumes a session whose browser has taken enough of what waited for it.
func (f *flow) outboxShrunk() {
	if !f.pausedBy(pausedOutbox) {
		return
	}
	s := f.session
	s.mu.Lock()
	light := s.out.waiting() < s.server.config.Limits.OutboxBytes/4
	s.mu.Unlock()
	if light {
		f.resume(pausedOutbox)
	}
}

// count counts an unfinished message, or event, of which so much has come. Where it has to wait, which is what true says, the session is
// paused for this reason. The room is where it is kept when it is whole.
func (f *flow) count(i *unfinished.Item, o unfinished.Owner, bytes, come int64, room Room, reason uint32) (wait bool) {
	f.pause(reason) // before GoOn can be called
	if !f.session.server.unfinished.Grow(i, o, bytes, come, room) {
		f.withdraw(reason)
		return false
	}
	f.session.server.waits(room)
	return true
}

// limitTimeout lets the kernel find out whether anybody is there, in a pause, in which no pong can be read.
func (f *flow) limitTimeout() {
	s := f.session
	s.mu.Lock()
	w, ok := s.transport.(*webSocket)
	s.mu.Unlock()
	if ok {
		w.conn.setUserTimeout(s.server.config.Heartbeat.Interval + s.server.config.Heartbeat.Timeout)
	}
}
