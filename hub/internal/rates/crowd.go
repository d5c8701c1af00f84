package rates

import (
	"hash/maphash"
	"sync/atomic"
)

// Crowd counts sessions by their address in a table of a fixed size: addresses may share a place in it, so it is
// for finding what is very many, and never for refusing. All methods may be called at the same time.
type Crowd struct {
	seed   maphash.Seed
	all    atomic.Int64
	places [1024]atomic.Int32
}

// NewCrowd returns one that has counted nobody.
func NewCrowd() *Crowd { return &Crowd{seed: maphash.MakeSeed()} }

// Add counts n more sessions of an address, fewer when negative, and returns how many that are, and how many
// there are in all.
func (c *Crowd) Add(address string, n int) (of, all int) {
	place := &c.places[maphash.String(c.seed, address)%uint64(len(c.places))]
	return int(place.Add(int32(n))), int(c.all.Add(int64(n)))
}
