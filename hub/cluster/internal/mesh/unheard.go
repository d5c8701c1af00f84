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
	lanes []uint64   // more than maxLanes: all, as it is not known any more which
}

func (u *unheard) add(lane uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.lanes) <= maxLanes {
		u.lanes = append(u.lanes, lane)
	}
	u.any.Store(true)
}

// take returns them, or says that it is all, and has none any more.
func (u *unheard) take() (lanes []uint64, all bool) {
	if !u.any.Load() {
		return nil, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	lanes, u.lanes = u.lanes, nil
	u.any.Store(false)
	return lanes, len(lanes) > maxLanes
}
