package mesh

import (
	"sync"
	"sync/atomic"
)

// unheard keeps the lanes that this hub does not hear any more, until what was counted of them is forgotten. It is safe for
// concurrent use: whoever adds one may be in a call of the host, for which arrivals is held.
type unheard struct {
	any atomic.Bool // for a look without the lock

	mu    sync.Mutex // guards the field below
	lanes []uint64
}

func (u *unheard) add(lane uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lanes = append(u.lanes, lane)
	u.any.Store(true)
}

// take returns them, and has none any more.
func (u *unheard) take() []uint64 {
	if !u.any.Load() {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	lanes := u.lanes
	u.lanes = nil
	u.any.Store(false)
	return lanes
}
