package roll

import (
	"sync"
	"sync/atomic"

	"github.com/siohub/siohub/hub"
)

// rollStep is how many sockets are introduced in one go.
const rollStep = 512

// Roll are the live sockets that a group still has to be introduced to. They are taken
// as the group's instances have room, so that a hundred thousand sockets neither fill
// the parking nor hold a stream up. A socket that speaks before its turn is introduced
// with its event.
type Roll struct {
	pending atomic.Bool

	mu      sync.Mutex // guards the fields below; a leaf
	sockets []*hub.Socket
	busy    int // how many are introducing what they have taken
}

// Next takes some sockets from the roll, until done; none when others have taken the last.
func (r *Roll) Next() []*hub.Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(rollStep, len(r.sockets))
	taken := r.sockets[:n:n]
	if r.sockets = r.sockets[n:]; len(r.sockets) == 0 {
		r.sockets = nil
	}
	if n > 0 {
		r.busy++
	}
	return taken
}

// Done says that the sockets of one next are introduced. The roll is over once all are.
func (r *Roll) Done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy--; r.busy == 0 && len(r.sockets) == 0 {
		r.pending.Store(false)
	}
}

// Call begins with other sockets.
func (r *Roll) Call(sockets []*hub.Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sockets = sockets
	r.pending.Store(len(sockets) > 0 || r.busy > 0)
}

// Pends reports whether some are not introduced yet.
func (r *Roll) Pends() bool { return r.pending.Load() }
