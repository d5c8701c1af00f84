package mesh

import "sync/atomic"

// Backlog says whether more than half of what may wait to be written does. The calls of Set come one at a time; Behind is
// safe for concurrent use.
type Backlog struct {
	half int64
	over atomic.Pointer[chan struct{}] // nil: it is not behind
}

// NewBacklog returns one for so many bytes.
func NewBacklog(bound int64) *Backlog { return &Backlog{half: bound / 2} }

// Set says how much waits. What waits while the engine cannot be reached holds nobody up.
func (b *Backlog) Set(bytes int64, up bool) {
	was := b.over.Load()
	switch behind := up && bytes > b.half; {
	case behind && was == nil:
		over := make(chan struct{})
		b.over.Store(&over)
	case !behind && was != nil:
		b.over.Store(nil)
		close(*was)
	}
}

// Behind is cluster.Cluster.Behind.
func (b *Backlog) Behind() <-chan struct{} {
	if over := b.over.Load(); over != nil {
		return *over
	}
	return nil
}
