package engineio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/wsframe"
)

// bufferPool lends byte slices of at least readBuffer capacity.
type bufferPool struct{ pool sync.Pool }

// buffers serves the whole package.
var buffers = bufferPool{pool: sync.Pool{New: func() any {
	b := make([]byte, 0, readBuffer)
	return &b
}}}

// get returns an empty slice.
func (p *bufferPool) get() *[]byte { return p.pool.Get().(*[]byte) }

// put takes the slice back; nobody may refer to it any more.
func (p *bufferPool) put(b *[]byte) {
	if cap(*b) > wsframe.MaxPooled {
		return
	}
	*b = (*b)[:0]
	p.pool.Put(b)
}
