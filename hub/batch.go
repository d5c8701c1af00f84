package hub

import "github.com/siohub/siohub/hub/internal/engineio"

// Batch gathers what several commands send: at Flush every browser that was touched is written to once.
// The zero value is ready. One goroutine uses it at a time; it can be used again after Flush.
type Batch engineio.Batch

// NewBatch returns an empty batch.
func (h *Hub) NewBatch() *Batch { return new(Batch) }

// Flush writes what was gathered, and returns to how many browsers. It does not wait for slow ones.
func (b *Batch) Flush() int { return (*engineio.Batch)(b).Flush() }
