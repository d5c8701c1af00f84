package nats

import (
	"sync"

	"github.com/nats-io/nats.go"
)

// inbox is what has come and waits to be taken by the mesh, bounded in bytes. It is safe for concurrent use.
type inbox struct {
	bound int64
	wake  chan struct{} // holds one
	end   chan struct{} // closed by close

	mu    sync.Mutex // guards the fields below
	batch []*nats.Msg
	bytes int64 // of batch, and of what was taken and is not done
}

func newInbox(bound int64) *inbox {
	return &inbox{bound: bound, wake: make(chan struct{}, 1), end: make(chan struct{})}
}

// size is what a message costs.
func size(m *nats.Msg) int64 { return int64(len(m.Data)+len(m.Subject)) + 256 }

// put takes a message, or reports that there is no room for it.
func (i *inbox) put(m *nats.Msg) bool {
	i.mu.Lock()
	if i.bytes+size(m) > i.bound {
		i.mu.Unlock()
		return false
	}
	i.bytes += size(m)
	i.batch = append(i.batch, m)
	i.mu.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
	return true
}

// take waits for messages, of which each is done later. It reports false once the inbox is closed.
func (i *inbox) take() ([]*nats.Msg, bool) {
	for {
		select {
		case <-i.end:
			return nil, false
		case <-i.wake:
		}
		i.mu.Lock()
		batch := i.batch
		i.batch = nil
		i.mu.Unlock()
		if len(batch) > 0 {
			return batch, true
		}
	}
}

func (i *inbox) done(m *nats.Msg) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bytes -= size(m)
}

func (i *inbox) close() { close(i.end) }
