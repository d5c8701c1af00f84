package socketio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// batches keeps batches for those who bring none. Messages are put into a session's queue while the socket's
// lock is held and written after it, so every send goes into some batch first.
var batches batchPool

type batchPool struct{ pool sync.Pool }

func (p *batchPool) get() *engineio.Batch {
	if b, ok := p.pool.Get().(*engineio.Batch); ok {
		return b
	}
	return new(engineio.Batch)
}

// flush writes a batch and takes it back.
func (p *batchPool) flush(b *engineio.Batch) {
	b.Flush()
	p.pool.Put(b)
}

// ownBatch is the caller's batch, or one of the pool that is flushed at the end.
type ownBatch struct {
	*engineio.Batch
	pooled bool
}

func (p *batchPool) orOwn(b *engineio.Batch) ownBatch {
	if b != nil {
		return ownBatch{Batch: b}
	}
	return ownBatch{Batch: p.get(), pooled: true}
}

func (o ownBatch) release() {
	if o.pooled {
		batches.flush(o.Batch)
	}
}
