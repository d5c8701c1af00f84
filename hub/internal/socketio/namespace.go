package socketio

import (
	"runtime"
	"sync/atomic"

	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// namespace is what the sockets of one namespace share. It exists while there are any.
type namespace struct {
	// set at construction
	server  *Server
	name    string
	adapter adapter.Adapter
	// recovering is nil while recovery is off.
	recovering *recovering

	// nextAck counts the ack ids that were drawn. One counter for all, so that a broadcast with
	// acknowledgements is encoded once. It goes on from namespaces.drawn.
	nextAck atomic.Uint64

	sockets int // guarded by namespaces.mu
}

var _ adapter.Host = (*namespace)(nil)

// Apply implements adapter.Host.
func (n *namespace) Apply(c adapter.Command) {
	switch {
	case c.Message != nil:
		n.emit(nil, c.Target, c.Message)
	case len(c.Join)+len(c.Leave) > 0:
		n.updateRooms(c.Target, c.Join, c.Leave)
	case c.Disconnect:
		n.disconnect(nil, c.Target, Eviction{
			CloseTransport: c.CloseTransport, MayReturn: c.MayReturn, Forget: c.Forget, Detail: c.Detail,
		})
	}
}

// publish tells the other nodes, if there are any.
func (n *namespace) publish(c adapter.Command) {
	if err := n.adapter.Publish(c); err != nil {
		n.server.trace.logger.Error("telling the other nodes", "namespace", n.name, "error", err)
	}
}

// roomsSlice is how many rooms are joined and left before others have a turn on the processor: about a
// millisecond, where Go would let them wait for ten.
const roomsSlice = 1000

func (n *namespace) updateRooms(t adapter.Target, join, leave []string) (o Outcome, limited int) {
	tooMany := func() {
		limited++
		n.server.trace.limitReached("rooms_per_socket")
	}
	done := 0
	o = n.reach(t, deed{
		live: func(s *Socket) bool {
			if done += len(join) + len(leave); done >= roomsSlice {
				done = 0
				runtime.Gosched()
			}
			joined := s.membership.change(s, join, leave)
			if !joined && s.Connected() {
				tooMany()
			}
			return joined
		},
		away: func(session *recovery.Session, k *kept) (done, ends bool) {
			done, ends, over := n.recovering.moveAway(session, k, join, leave)
			if over {
				tooMany()
			}
			return done, ends
		},
	})
	return o, limited
}
