package controlplane

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// rollStep is how many sockets are introduced in one go.
const rollStep = 512

// roll is a roll call: the live sockets that a group still has to be introduced to.
// They are taken as the group's instances have room, so that a hundred thousand
// sockets neither fill the parking nor hold a stream up. A socket that speaks before
// its turn is introduced with its event.
type roll struct {
	pending atomic.Bool

	mu      sync.Mutex // guards the fields below; a leaf
	sockets []*hub.Socket
}

// callRoll starts a roll call for the namespaces in which the group asks for it, or
// for all of its namespaces.
func (s *Server) callRoll(g *group, all bool) {
	t := s.routes.table.Load()
	var patterns []string
	for _, c := range t.Claims() {
		if c.Group == g && c.Role == route.Handler && (all || c.Policy.anew) {
			patterns = append(patterns, c.Namespace)
		}
	}
	var sockets []*hub.Socket
	for namespace := range s.hub.Stats().Sockets {
		if !slices.ContainsFunc(patterns, func(p string) bool { return route.Match(p, namespace) }) {
			continue
		}
		live, err := s.hub.FetchSockets(hub.Target{Namespace: namespace, All: true})
		if err != nil {
			s.log.Warn("roll call failed", "namespace", namespace, "error", err)
		}
		sockets = append(sockets, live...)
	}
	// Those who have been there for the longest come first.
	slices.SortStableFunc(sockets, func(a, b *hub.Socket) int {
		if by := a.ConnectTime().Compare(b.ConnectTime()); by != 0 {
			return by
		}
		return strings.Compare(a.ID(), b.ID())
	})
	g.roll.mu.Lock()
	g.roll.sockets = sockets
	g.roll.pending.Store(len(sockets) > 0)
	g.roll.mu.Unlock()
}

// next takes some sockets from the roll.
func (r *roll) next() []*hub.Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(rollStep, len(r.sockets))
	taken := r.sockets[:n:n]
	r.sockets = r.sockets[n:]
	if len(r.sockets) == 0 {
		r.sockets = nil
		r.pending.Store(false)
	}
	return taken
}

// answerRoll introduces sockets of a pending roll call, as far as the instance has
// room. It is called after each envelope: settlements make room.
func (st *stream) answerRoll() {
	if st.group == nil {
		return
	}
	for st.group.roll.pending.Load() && st.attachment.Room() {
		t := st.srv.routes.table.Load()
		for _, hs := range st.group.roll.next() {
			// Without a tag the socket is just joining, and introduces itself.
			if so, ok := hs.Tag().(*socket); ok {
				so.introduceTo(st.group, t)
			}
		}
	}
}

// introduceTo introduces a socket to one group, if that still is a handler for it.
func (s *socket) introduceTo(g *group, t *table) {
	for _, c := range t.View(s.hub.Namespace()).Handlers() {
		if c.Group != g {
			continue
		}
		if m := s.member(g); m != nil {
			m.lane.SetAnew(c.Policy.anew)
			if c.Policy.eager || m.lane.Known() {
				m.lane.Introduce(true)
			}
		}
		return
	}
}
