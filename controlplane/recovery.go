package controlplane

import (
	"slices"
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// memory is what is kept of a socket with the session of a browser that is away. It is written for the last time as the
// socket leaves, but for left.
type memory struct {
	// grant came with the accept. Nil: there was none.
	grant *grant
	// expire is when the authorization ends, zero for never. It is set as the socket leaves.
	expire moment

	mu sync.Mutex // guards left; a leaf
	// left are the groups that have yet to hear that the socket has left. Each keeps all that the socket had, so that
	// none is here for longer.
	left []*member
}

// memoryBytes is what a memory takes beside what came with the accept.
const memoryBytes = 256

// leave is told whom the socket has left.
func (m *memory) leave(members []*member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = slices.DeleteFunc(slices.Clone(members), func(one *member) bool { return one.over.Load() })
}

// ended says that a group has heard everything.
func (m *memory) ended(one *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = slices.DeleteFunc(m.left, func(other *member) bool { return other == one })
	if len(m.left) == 0 {
		m.left = nil
	}
}

// earlier are those that whoever comes back has to follow.
func (m *memory) earlier() []*member {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.left)
}

// admit makes the socket of an attempt that was accepted. One that was there before goes on behind what of its earlier
// life is still under way.
func (c *connect) admit(hs *hub.Socket, g *grant, m *memory) *socket {
	so := newSocket(c.srv, hs, g)
	so.memory = m
	if hs.Recovered() {
		if was, _ := c.attempt.Recovery().Memo.(*memory); was != nil {
			so.before = was.earlier()
		}
	}
	hs.SetTag(so)
	return so
}

// resume lets a socket that was there before follow its earlier life, in each group that knew it. Nobody else has
// brought it anything yet that could overtake: what does so at this moment joins in the same way.
func (s *socket) resume() {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	for _, m := range before {
		s.member(m.group)
	}
	s.mu.Lock()
	s.before = nil
	s.mu.Unlock()
}

// succeedLocked lets a new member follow that of the socket's earlier life.
func (s *socket) succeedLocked(m *member) {
	for _, earlier := range s.before {
		if earlier.group == m.group {
			m.lane.Succeed(earlier.lane, func(sink dispatch.Sink) { m.tellMoved(sink, earlier.socket) })
			return
		}
	}
}

// tellMoved tells an instance that has not heard that the socket was away which rooms it has joined and left meanwhile. It is
// called with locks of the whole group held, so rooms are looked at only if they have changed and somebody asks for them.
func (m *member) tellMoved(sink dispatch.Sink, earlier *socket) {
	if m.socket.hub.RoomsVersion() == earlier.hub.RoomsVersion() {
		return
	}
	m.tell(sink, hubv1.Kind_KIND_ROOMS, func(hs *hub.Socket) *hubv1.Notice {
		was, _ := earlier.hub.RoomsAndVersion()
		is, now := hs.RoomsAndVersion()
		return roomsChanged(hs, hub.RoomsChange{Joined: without(is, was), Left: without(was, is), Version: now})
	})
}

// without are the rooms of one list that are not in another one. Both are sorted.
func without(rooms, others []string) []string {
	return slices.DeleteFunc(slices.Clone(rooms), func(room string) bool {
		_, found := slices.BinarySearch(others, room)
		return found
	})
}

// letBack lets a browser take up its session without asking anybody, where the configuration says so. It reports false
// when somebody has to be asked.
func (o *deciding) letBack(c *connect) bool {
	r := c.attempt.Recovery()
	if r == nil || r.MustAsk || !o.srv.config.SkipAuthorizer {
		return false
	}
	was, ok := r.Memo.(*memory)
	if !ok {
		return false
	}
	expire := was.expire.get()
	if !expire.IsZero() && !expire.After(time.Now()) {
		return false
	}
	g := was.grant
	if g != nil {
		same := *g
		same.expire, g = expire, &same
	}
	acceptance := hub.Acceptance{User: r.User, OnlyRecovered: true}
	m := o.srv.remembered(g, &acceptance)
	acceptance.Then = func(hs *hub.Socket, _ *hub.Batch) { c.admit(hs, g, m) }
	decision, err := c.attempt.PrepareAccept(acceptance)
	if err != nil {
		return false
	}
	if c.decided(nil, decision.Send) == nil {
		by := copies.Decision{Outcome: trace.OutcomeAccept, By: "recovery", User: r.User, Rooms: r.Rooms}
		o.srv.debugDecision(c.attempt, by)
		o.srv.observers.Decided(c.attempt, by)
	}
	return true
}
