package unfinished

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tick is how often items are looked after, while there are any.
	tick = time.Second
	// hesitation is how long an item may stand still while others wait for its bytes.
	hesitation = 5 * time.Second
	// small is how much may have come of an item that may use a quarter more than the limit: what one read brings.
	small = 8 << 10
	// crowd is how many that wait are woken at a time.
	crowd = 8
)

// Owner holds an Item. Both methods are called without a lock and must not block.
type Owner interface {
	// Stalled says that the item should end for want of progress; full says that others need its room. An owner
	// that has a good reason to stand still does nothing: the item is not judged again before it grows.
	Stalled(full bool)
	// GoOn says that an item that Grow made wait may grow.
	GoOn()
}

// Room is where what is whole is kept until it has been acted on. Full is called with the budget's lock held, at the
// same time, and must not block.
type Room interface {
	// Full says by the key of which option there is no more room, "" while there is some.
	Full() (option string)
}

// Budget bounds items in sum. All methods may be called at the same time.
type Budget struct {
	// Set at construction.
	limit   int64
	patient time.Duration
	within  func(func())
	crowded func() bool
	start   time.Time

	full atomic.Bool // see Full

	mu      sync.Mutex // guards the fields below and all items; a leaf
	sum     int64
	moving  list // at work, the one longest without progress first
	waiting list // made to wait, the first one first
	timer   *time.Timer
	armed   bool
	stopped bool
}

// Item is something unfinished. Its zero value is nothing yet; it must not be copied once it has grown.
type Item struct {
	owner      Owner
	bytes      int64
	come       int64         // how much has come of it, whatever it holds for that
	room       Room          // where it is to be kept; nil: there always is room
	moved      time.Duration // since Budget.start: its latest progress
	list       *list         // nil: in none
	prev, next *Item
}

// list is a chain of items.
type list struct{ head, tail *Item }

// New returns a budget of so many bytes, in which an item may stand still for so long. within runs what the
// budget's timer does; nil means that it just runs. crowded says that some Room may be full; it may not block, and nil
// means that none ever is.
func New(limit int64, patient time.Duration, within func(func()), crowded func() bool) *Budget {
	if within == nil {
		within = func(f func()) { f() }
	}
	if crowded == nil {
		crowded = func() bool { return false }
	}
	return &Budget{limit: limit, patient: patient, within: within, crowded: crowded, start: time.Now()}
}

// Stop ends the budget's timer: nobody is judged any more.
func (b *Budget) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	if b.timer != nil {
		b.timer.Stop()
	}
}

// Full reports whether whoever begins something large now may have to wait. It is a hint.
func (b *Budget) Full() bool { return b.full.Load() || b.crowded() }

// Sum is how many bytes there are.
func (b *Budget) Sum() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sum
}

// Grow says that an item has made progress: so many bytes of it have come by now, and it holds so many, which is its
// buffer. True means that it is to take no more before Owner.GoOn. A large one waits for its room as well, be there
// others or not, for what is whole has to be kept; nil is a room that is never full.
func (b *Budget) Grow(i *Item, o Owner, bytes, come int64, room Room) (wait bool) {
	b.mu.Lock()
	i.owner, i.come, i.room = o, come, room
	b.countLocked(i, bytes)
	b.moving.remove(i)
	b.waiting.remove(i)
	i.moved = time.Since(b.start)
	var stalled []Owner
	if b.waitsLocked(i) {
		wait = true
		b.waiting.push(i)
		stalled = b.stalledLocked()
	} else {
		b.moving.push(i)
	}
	b.armLocked()
	b.mu.Unlock()
	end(stalled, true)
	return wait
}

// Rest says that an item of so many bytes stands still for a good reason: it is counted, and not judged before it
// grows again.
func (b *Budget) Rest(i *Item, o Owner, bytes int64) {
	b.mu.Lock()
	i.owner = o
	b.countLocked(i, bytes)
	b.moving.remove(i)
	b.waiting.remove(i)
	awake := b.wakeLocked()
	b.mu.Unlock()
	goOn(awake)
}

// Again lets an item whose owner has a good reason to stand still be judged again, as if it had grown now.
func (b *Budget) Again(i *Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i.owner == nil || i.list != nil {
		return
	}
	i.moved = time.Since(b.start)
	b.moving.push(i)
	b.armLocked()
}

// End says that there is nothing left of an item. It may be called more than once.
func (b *Budget) End(i *Item) {
	b.mu.Lock()
	b.countLocked(i, 0)
	b.moving.remove(i)
	b.waiting.remove(i)
	i.owner, i.room = nil, nil
	awake := b.wakeLocked()
	b.mu.Unlock()
	goOn(awake)
}

func (b *Budget) countLocked(i *Item, bytes int64) {
	b.sum += bytes - i.bytes
	i.bytes = bytes
	if full := b.sum > b.large(); full != b.full.Load() {
		b.full.Store(full)
	}
}

// large is how much there may be for a large item to go on.
func (b *Budget) large() int64 { return b.limit - b.limit/4 }

// waitsLocked reports whether an item may not go on.
func (b *Budget) waitsLocked(i *Item) bool {
	return b.overLocked(i) && b.moving.head != nil || i.lacksRoom()
}

// lacksRoom reports whether it could not be kept if it were whole.
func (i *Item) lacksRoom() bool { return i.come > small && i.room != nil && i.room.Full() != "" }

func (b *Budget) overLocked(i *Item) bool {
	if i.come <= small {
		return b.sum > b.limit+b.limit/4 // large ones that were at work have overshot the limit
	}
	return b.sum > b.large()
}

// wakeLocked takes out those that need wait no longer: a few at a time, who may fill the room again, and
// one at least where nobody is at work.
func (b *Budget) wakeLocked() (awake []Owner) {
	var next *Item
	for i := b.waiting.head; i != nil && len(awake) < crowd; i = next {
		if next = i.next; b.waitsLocked(i) {
			if i.lacksRoom() {
				continue // those behind it are not to wait for room that they do not need
			}
			break
		}
		b.waiting.remove(i)
		i.moved = time.Since(b.start)
		b.moving.push(i)
		awake = append(awake, i.owner)
	}
	return awake
}

func goOn(awake []Owner) {
	for _, o := range awake {
		o.GoOn()
	}
}

// stalledLocked takes out those that stand still while others wait.
func (b *Budget) stalledLocked() []Owner {
	if b.waiting.head == nil || b.sum <= b.large() {
		return nil
	}
	return b.olderLocked(hesitation)
}

func (b *Budget) olderLocked(age time.Duration) (stalled []Owner) {
	before := time.Since(b.start) - age
	for i := b.moving.head; i != nil && i.moved <= before; i = b.moving.head {
		b.moving.remove(i)
		stalled = append(stalled, i.owner)
	}
	return stalled
}

// end ends owners that stand still.
func end(stalled []Owner, full bool) {
	for _, o := range stalled {
		o.Stalled(full)
	}
}

// look is the timer's function.
func (b *Budget) look() {
	b.mu.Lock()
	b.armed = false
	if b.stopped {
		b.mu.Unlock()
		return
	}
	stalled := b.olderLocked(b.patient)
	hindering := b.stalledLocked()
	awake := b.wakeLocked()
	b.armLocked()
	b.mu.Unlock()
	end(stalled, false)
	end(hindering, true)
	goOn(awake)
}

func (b *Budget) armLocked() {
	if b.armed || b.stopped || b.moving.head == nil && b.waiting.head == nil {
		return
	}
	b.armed = true
	if b.timer == nil {
		b.timer = time.AfterFunc(tick, func() { b.within(b.look) })
		return
	}
	b.timer.Reset(tick)
}

func (l *list) push(i *Item) {
	i.list, i.prev, i.next = l, l.tail, nil
	if l.tail == nil {
		l.head = i
	} else {
		l.tail.next = i
	}
	l.tail = i
}

// remove takes an item out, if it is in this list.
func (l *list) remove(i *Item) {
	if i.list != l {
		return
	}
	if i.prev == nil {
		l.head = i.next
	} else {
		i.prev.next = i.next
	}
	if i.next == nil {
		l.tail = i.prev
	} else {
		i.next.prev = i.prev
	}
	i.list, i.prev, i.next = nil, nil, nil
}
