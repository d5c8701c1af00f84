// Package park bounds what waits for services: per socket, per group and per node.
// It only counts; what waits is kept by its owner.
//
// One item always fits what is empty, however large it is: otherwise a limit below
// the size of an event would drop that event for ever.
package park

import "sync/atomic"

// ItemBytes is what an event costs beside its payload: the memory that keeps it.
const ItemBytes = 512

// Budget is a limit in bytes that many goroutines share. The zero value has no
// room but for one item.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget returns a budget of that many bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Take reserves bytes, and reports false if they do not fit.
func (b *Budget) Take(bytes int64) bool {
	_, ok := b.take(bytes)
	return ok
}

// take is Take that also says what is reserved then.
func (b *Budget) take(bytes int64) (int64, bool) {
	for {
		used := b.used.Load()
		if used > 0 && used+bytes > b.limit {
			return used, false
		}
		if b.used.CompareAndSwap(used, used+bytes) {
			return used + bytes, true
		}
	}
}

// Force reserves bytes whether they fit or not: for what was accepted long ago and
// has to wait again.
func (b *Budget) Force(bytes int64) { b.used.Add(bytes) }

// Give returns bytes.
func (b *Budget) Give(bytes int64) { b.used.Add(-bytes) }

// Full reports whether nothing more fits.
func (b *Budget) Full() bool { return b.used.Load() >= b.limit }

// Used is what is reserved.
func (b *Budget) Used() int64 { return b.used.Load() }

// Part is a budget that counts towards another one, the whole, with at most its own limit: what is forced beyond that
// uses up nothing of what others have there.
type Part struct {
	own   Budget
	whole *Budget
}

// NewPart returns a part of so many bytes.
func NewPart(limit int64, whole *Budget) *Part { return &Part{own: Budget{limit: limit}, whole: whole} }

// Take reserves bytes, and reports which of the two they do not fit: then nothing is reserved.
func (p *Part) Take(bytes int64) (fitsPart, fitsWhole bool) {
	used, ok := p.own.take(bytes)
	if !ok {
		return false, true
	}
	counted := p.counted(used) - p.counted(used-bytes)
	if counted > 0 && !p.whole.Take(counted) {
		// What others did meanwhile was counted as if these bytes were there.
		used = p.own.used.Add(-bytes)
		p.whole.Force(counted + p.counted(used) - p.counted(used+bytes))
		return true, false
	}
	return true, true
}

// Force reserves bytes whether they fit or not.
func (p *Part) Force(bytes int64) {
	used := p.own.used.Add(bytes)
	p.whole.Force(p.counted(used) - p.counted(used-bytes))
}

// Give returns bytes.
func (p *Part) Give(bytes int64) { p.Force(-bytes) }

// Full reports whether nothing more fits the part.
func (p *Part) Full() bool { return p.own.Full() }

// Used is what is reserved, all of it.
func (p *Part) Used() int64 { return p.own.Used() }

// counted is how much of what is reserved counts towards the whole.
func (p *Part) counted(used int64) int64 { return min(used, p.own.limit) }

// Meter counts what one socket has waiting, in all its groups together. The zero
// value is empty. It may be used from many goroutines.
type Meter struct {
	items atomic.Int32
	bytes atomic.Int64
}

// SocketLimit is what one socket may have waiting.
type SocketLimit struct {
	Items int
	Bytes int64
}

// Take counts one item, and reports false if it does not fit. Two at the same time
// may both be refused where one would fit: a full socket is full.
func (m *Meter) Take(bytes int64, limit SocketLimit) bool {
	items := m.items.Add(1)
	total := m.bytes.Add(bytes)
	if items == 1 || (int(items) <= limit.Items && total <= limit.Bytes) {
		return true
	}
	m.Give(bytes)
	return false
}

// Force counts one item whether it fits or not.
func (m *Meter) Force(bytes int64) {
	m.items.Add(1)
	m.bytes.Add(bytes)
}

// Holds is what is counted.
func (m *Meter) Holds() (items int, bytes int64) { return int(m.items.Load()), m.bytes.Load() }

// Give takes one item off.
func (m *Meter) Give(bytes int64) {
	m.items.Add(-1)
	m.bytes.Add(-bytes)
}
