package engineio

import (
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// What a browser has begun and not ended is counted by one unfinished.Item, which stands with the bytes: a message
// of a WebSocket in its wsframe.Input or gorillaConn (the webSocket is the Owner), a body in its post, and an event
// whose attachments are on their way in a partialEvent.

// Stalled implements unfinished.Owner for a message. Nothing is sent, so that the memory is free at once.
func (w *webSocket) Stalled(full bool) { stalled(w.session, full, endAbort) }

// GoOn implements unfinished.Owner.
func (w *webSocket) GoOn() { w.session.flow.resume(pausedMessage) }

// beginning is how much of a message is looked at to say where it will be kept.
const beginning = 512

// Rooms say where messages of sessions are kept. Their methods are called by many goroutines, and must not block.
type Rooms interface {
	// Crowded reports whether any Room may be full. It is called with each read, and before Room.
	Crowded() bool
	// Room is where a message is kept. begin is how it begins, without the packet type: as much of it as is known, which may
	// be nothing; it is valid during the call. Nil: there always is room.
	Room(s *Session, begin []byte, binary bool) Room
}

// crowded reports whether any room may be full.
func (c *Config) crowded() bool { return c.Rooms != nil && c.Rooms.Crowded() }

// room is where a message that begins so is kept, with its packet type if it is text. Nil: there is room.
func (s *Session) room(begin []byte, binary bool) Room {
	c := &s.server.config
	if !c.crowded() {
		return nil
	}
	s.mu.Lock()
	partial := s.partial
	s.mu.Unlock()
	if partial != nil {
		return partial.room
	}
	if !binary {
		if len(begin) == 0 || !eiopacket.IsMessage(begin[0]) {
			return c.Rooms.Room(s, nil, false)
		}
		begin = begin[1:]
	}
	return c.Rooms.Room(s, begin[:min(len(begin), beginning)], binary)
}

// full is the key of the option that leaves no room, "" where there is room.
func full(r Room) string {
	if r == nil {
		return ""
	}
	return r.Full()
}

// waits tells of somebody who has to wait because what is whole could not be kept.
func (s *Server) waits(r Room) {
	if key := full(r); key != "" {
		s.trace.limitReached(key)
		s.unfinishedLog.Warn("large messages are not read on: there is no room for them when they are whole", "option", key)
	}
}

// partialEvent is an event of which the Handler holds a part, see Session.Unfinished.
type partialEvent struct {
	session *Session
	item    unfinished.Item
	room    Room // set at construction
}

// Stalled implements unfinished.Owner.
func (e *partialEvent) Stalled(full bool) {
	s := e.session
	if s.flow.pausedBy(pausedHandler) {
		s.server.unfinished.Again(&e.item) // nothing of it is read at a resume that would count it anew
		return
	}
	stalled(s, full, endNow)
}

// GoOn implements unfinished.Owner.
func (e *partialEvent) GoOn() { e.session.flow.resume(pausedEvent) }

// grow counts so many bytes.
func (e *partialEvent) grow(bytes int64) {
	s := e.session
	s.flow.count(&e.item, e, bytes, bytes, e.room, pausedEvent)
	if s.over.Load() { // ended meanwhile, perhaps before it was counted
		e.end()
	}
}

// end counts the event no more. It may be called more than once.
func (e *partialEvent) end() { e.session.server.unfinished.End(&e.item) }

// Unfinished says that the Handler holds so many bytes of an event that has not come whole; zero says that it
// holds none any more. It counts towards Limits.UnfinishedBytes and UnfinishedTime: the session is not read
// further while that is used up, or the room is full, and closed when nothing follows in time, reason `forced close`.
// The room is where the event is kept once it is whole, the same in all calls for it. It is
// called from within HandleMessage alone. When the session ends it is over by itself.
func (s *Session) Unfinished(bytes int64, room Room) {
	s.mu.Lock()
	e := s.partial
	switch {
	case s.state > upgrading:
		s.mu.Unlock()
		return
	case bytes == 0:
		s.partial = nil
	case e == nil:
		e = &partialEvent{session: s, room: room}
		s.partial = e
	}
	s.mu.Unlock()
	switch {
	case e == nil:
	case bytes == 0:
		e.end()
		s.flow.withdraw(pausedEvent)
	default:
		e.grow(bytes)
	}
}

// stalled ends a session that does not end what it has begun. An application that reads no further is no fault of
// the browser's.
func stalled(s *Session, full bool, how ending) {
	if s.flow.pausedBy(pausedHandler) || s.over.Load() {
		return
	}
	limits := &s.server.config.Limits
	key, detail := "limits.unfinished_time", "a message without progress for "+limits.UnfinishedTime.String()
	if full {
		key, detail = "limits.unfinished_bytes", "a message without progress while others waited for its memory"
	}
	s.server.trace.limitReached(key)
	s.server.unfinishedLog.Warn("a browser was closed that did not go on with what it had begun", "option", key, "why", detail)
	s.end(Close{Reason: ReasonForcedClose, Detail: detail}, how)
}
