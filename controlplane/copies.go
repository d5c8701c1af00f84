package controlplane

import (
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// copies are the observations that wait for one attachment: a ring, whose oldest one
// is left out and counted when there is no room.
type copies struct {
	mu   sync.Mutex // guards the fields below; a leaf
	ring []observation
}

// observation is a copy that is made into an item when it is sent.
type observation struct{ item *hubv1.Item }

func newCopies() *copies { return &copies{} }

// resize sets how many may wait, and returns it; 0 is the default.
func (c *copies) resize(n uint32) uint32 { return n }

// each takes what waits, up to a batch.
func (c *copies) each(func(item *hubv1.Item, size int)) {}
