package socketio

import (
	"runtime"
	"sync/atomic"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/rooms"
)

// namespace is what the sockets of one namespace share. It exists while there are any.
type namespace struct {
	// set at construction
	server *Server
	name   string
	rooms  *rooms.Table
	// recovering is nil while recovery is off.
	recovering *recovering

	// nextAck counts the ack ids that were drawn. One counter for all, so that a broadcast with
	// acknowledgements is encoded once. It goes on from namespaces.drawn.
	nextAck atomic.Uint64

	sockets int // guarded by namespaces.mu
}

// roomsSlice is how many rooms are joined and left before others have a turn on the processor: about a
// millisecond, where Go would let them wait for ten.
const roomsSlice = 1000

func (n *namespace) updateRooms(t cluster.Target, join, leave []string) (o Outcome, limited int) {
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
