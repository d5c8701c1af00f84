package engineio

import (
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// Why a session is not heard for a while, beside Pause: bits of Session.later.
const (
	// heldUnfinished: the rest of a message has to wait for limits.unfinished_bytes.
	heldUnfinished uint32 = 1 << iota
	// heldEvent: the same for what belongs to an event of which a part has come.
	heldEvent
	// heldRate: it has sent too much in too little time.
	heldRate
	// uploading: a body is coming in, and its browser sends its pong behind it.
	uploading
	// unjoined: it has joined no namespace.
	unjoined

	// heldOutbox: more than half of what the outbox may hold waits for the browser. It ends below a quarter.
	heldOutbox

	// held are those that keep messages from the Handler, as Pause does.
	held = heldUnfinished | heldEvent | heldRate | heldOutbox
)

// holds reports whether messages are to be held back. A session that is over drops them.
func (s *Session) holds() bool {
	return (s.paused.Load() || s.later.Load()&held != 0) && !s.over.Load()
}

// unheard reports whether a pong may have been sent that nobody could hear.
func (s *Session) unheard() bool { return s.paused.Load() || s.later.Load()&^unjoined != 0 }

// holdBack begins to hold messages back. letOn ends that, from any goroutine.
func (s *Session) holdBack(why uint32) { s.later.Or(why) }

func (s *Session) letOn(why uint32) {
	if s.later.Load()&why == 0 {
		return
	}
	s.server.heartbeat.spare(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later.And(^why)
	s.transport.resumeLocked()
}

// lighten lets a session be heard again that has taken enough of what waited for it.
func (s *Session) lighten() {
	if s.later.Load()&heldOutbox == 0 {
		return
	}
	s.mu.Lock()
	light := s.out.waiting() < s.server.config.Limits.OutboxBytes/4
	s.mu.Unlock()
	if light {
		s.letOn(heldOutbox)
	}
}

// grow counts an unfinished message, or event. The session is held back for why where it has to wait, which is
// what true says.
func (s *Session) grow(i *unfinished.Item, o unfinished.Owner, bytes int64, why uint32) (wait bool) {
	s.holdBack(why) // before GoOn can be called
	if !s.server.unfinished.Grow(i, o, bytes) {
		s.later.And(^why)
		return false
	}
	return true
}

// stalled ends a session that does not end what it has begun. An application that reads no further is no fault of
// the browser's.
func (s *Session) stalled(full bool, how ending) {
	if s.paused.Load() || s.over.Load() {
		return
	}
	limits := &s.server.config.Limits
	key, detail := "limits.unfinished_time", "a message without progress for "+limits.UnfinishedTime.String()
	if full {
		key, detail = "limits.unfinished_bytes", "a message without progress while others waited for its room"
	}
	s.server.trace.limitReached(key)
	s.server.unfinishedLog.Warn("a browser was closed that did not go on with what it had begun", "option", key, "why", detail)
	s.end(Close{Reason: ReasonForcedClose, Detail: detail}, how)
}

// Stalled implements unfinished.Owner. Nothing is said, so that the memory is free at once.
func (w *webSocket) Stalled(full bool) { w.session.stalled(full, sayNothing) }

// GoOn implements unfinished.Owner.
func (w *webSocket) GoOn() { w.session.letOn(heldUnfinished) }

// kept is an event of which the Handler keeps a part.
type kept struct {
	session *Session
	item    unfinished.Item
}

// Stalled implements unfinished.Owner.
func (k *kept) Stalled(full bool) {
	if k.session.paused.Load() {
		k.session.server.unfinished.Again(&k.item) // nothing of it is read at a resume that would count it anew
		return
	}
	k.session.stalled(full, sayAtOnce)
}

// GoOn implements unfinished.Owner.
func (k *kept) GoOn() { k.session.letOn(heldEvent) }

// Unfinished says that the Handler keeps so many bytes of an event that has not come whole; zero says that it
// keeps none any more. It counts towards Limits.UnfinishedBytes and UnfinishedTime: the session is not read
// further while there is no room, and closed when nothing follows in time, reason `forced close`. It is
// called from within HandleMessage alone. When the session ends it is over by itself.
func (s *Session) Unfinished(bytes int64) {
	s.mu.Lock()
	k := s.kept
	switch {
	case s.state > upgrading:
		s.mu.Unlock()
		return
	case bytes == 0:
		s.kept = nil
	case k == nil:
		k = &kept{session: s}
		s.kept = k
	}
	s.mu.Unlock()
	if k == nil {
		return
	}
	if bytes == 0 {
		s.server.unfinished.End(&k.item)
		s.later.And(^heldEvent)
		return
	}
	s.grow(&k.item, k, bytes, heldEvent)
	if s.over.Load() { // ended meanwhile, perhaps before it was counted
		s.server.unfinished.End(&k.item)
	}
}
