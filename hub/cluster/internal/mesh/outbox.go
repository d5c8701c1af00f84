package mesh

import (
	"context"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// outbox is what waits to be written to the engine: bounded in bytes, numbered as it enters.
type outbox struct {
	bus        Bus
	sender     wire.ID
	epoch      uint64
	bound      int64
	maxMessage int
	backlog    *Backlog
	wake       chan struct{} // holds one

	mu     sync.Mutex // guards the fields below
	up     bool
	batch  []Out
	bytes  int64 // of batch, and of what Send has been given
	number uint64
	counts map[uint64]uint64 // of each lane
	idle   chan struct{}     // closed when bytes is zero; nil: nobody waits
	// gathering is until when what is put may wait for flush. The zero time: it may not.
	gathering time.Time
	spare     []Out // an empty batch with room
	// copied is what short foreign messages of batch were copied to, and room an empty one.
	copied, room []byte
}

const (
	// gatherFor is how long what is put may wait for a flush at most, if anything else is put then.
	gatherFor = 2 * time.Millisecond
	// gatherBytes is beyond what it does not.
	gatherBytes = 256 << 10
	// mostSpare is how large a batch is kept for the next one, in frames.
	mostSpare = 4096
	// shortBytes is up to which size a message is copied, and mostRoom how much room for copies is kept for the next batch.
	shortBytes = 4 << 10
	mostRoom   = 256 << 10
)

// gather lets what is put wait for flush.
func (o *outbox) gather() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = time.Now().Add(gatherFor)
}

// flush has everything sent that waits.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = time.Time{}
	if len(o.batch) > 0 {
		o.wakeUp()
	}
}

// addedLocked has what was put sent, at once or with what follows.
func (o *outbox) addedLocked(urgent bool) {
	if !urgent && !o.gathering.IsZero() && o.bytes < gatherBytes && time.Now().Before(o.gathering) {
		return
	}
	o.gathering = time.Time{}
	o.wakeUp()
}

func newOutbox(bus Bus, settings *cluster.Settings) *outbox {
	return &outbox{
		bus: bus, bound: settings.QueueBytes, maxMessage: settings.MaxMessage, backlog: NewBacklog(settings.QueueBytes),
		wake: make(chan struct{}, 1), counts: map[uint64]uint64{},
	}
}

// put takes a frame whose header is not written yet, in parts where it is larger than the engine takes. What is urgent may go
// beyond the bound a little. number is that of its last part.
func (o *outbox) put(kind wire.Kind, to Address, frame []byte, urgent bool) (number uint64, err error) {
	body := len(frame) - wire.HeaderSize
	if body > o.maxMessage {
		return 0, cluster.ErrTooLarge
	}
	most := max(o.bus.MaxFrame(), 4096) - wire.HeaderSize
	o.mu.Lock()
	defer o.mu.Unlock()
	bound := o.bound
	if urgent {
		bound += urgentBytes
	}
	switch {
	case !o.up:
		return 0, cluster.ErrAway
	case o.bytes+int64(len(frame)) > bound:
		return 0, cluster.ErrFull
	}
	h := wire.Header{Kind: kind, Sender: o.sender, Epoch: o.epoch, Direct: to.Hub != ""}
	if body <= most {
		o.addLocked(&h, to, frame)
	} else {
		for rest := frame[wire.HeaderSize:]; len(rest) > 0; h.Continued = true {
			n := min(most, len(rest))
			part := append(make([]byte, wire.HeaderSize, wire.HeaderSize+n), rest[:n]...)
			rest = rest[n:]
			h.More = len(rest) > 0
			o.addLocked(&h, to, part)
		}
	}
	o.changedLocked()
	o.addedLocked(urgent)
	return o.number, nil
}

// putForeign takes a message that is no frame, in order with those that are. One that is not longer than shortBytes is copied.
func (o *outbox) putForeign(channel string, message []byte) error {
	if len(message) > o.maxMessage {
		return cluster.ErrTooLarge
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.up:
		return cluster.ErrAway
	case o.bytes+int64(len(message)) > o.bound:
		return cluster.ErrFull
	}
	if len(message) <= shortBytes {
		from := len(o.copied)
		o.copied = append(o.copied, message...)
		message = o.copied[from:len(o.copied):len(o.copied)]
	}
	o.batch = append(o.batch, Out{Frame: message, Channel: channel})
	o.bytes += int64(len(message))
	o.changedLocked()
	o.addedLocked(false)
	return nil
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// addLocked numbers one frame.
func (o *outbox) addLocked(h *wire.Header, to Address, frame []byte) {
	o.number++
	h.Sequence = o.number
	lane, counted := to.lane()
	if h.Lane, h.Count = lane, 0; counted {
		if len(o.counts) >= maxLanes {
			clear(o.counts)
		}
		o.counts[lane]++
		h.Count = o.counts[lane]
	}
	h.Put(frame)
	o.batch = append(o.batch, Out{Address: to, Frame: frame})
	o.bytes += int64(len(frame))
}

// connected says whether the engine can be reached; what waits is thrown away when it cannot: dropped frames.
func (o *outbox) connected(up bool) (dropped int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.up = up
	defer o.changedLocked()
	if up {
		return 0
	}
	for _, out := range o.batch {
		o.bytes -= int64(len(out.Frame))
	}
	dropped = len(o.batch)
	o.batch, o.copied = nil, nil
	return dropped
}

func (o *outbox) queued() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// sendFrames and sendBytes are what is handed over at once, unless one frame has more: what is behind it waits no longer than for
// that, and whoever is held back until less waits sees it become less.
const (
	sendFrames = 512
	sendBytes  = 256 << 10
)

// partOf is how many frames of a batch are handed over next.
func partOf(batch []Out) (n int) {
	bytes := 0
	for n < len(batch) && n < sendFrames && (n == 0 || bytes+len(batch[n].Frame) <= sendBytes) {
		bytes += len(batch[n].Frame)
		n++
	}
	return n
}

// loop hands over what waits until ctx ends. failed is told of frames that were not handed over.
func (o *outbox) loop(ctx context.Context, failed func(n int, err error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
		o.mu.Lock()
		batch, copied := o.batch, o.copied
		o.batch, o.spare = o.spare, nil
		o.copied, o.room = o.room, nil
		o.mu.Unlock()
		for rest := batch; len(rest) > 0; {
			n := partOf(rest)
			if err := o.bus.Send(ctx, rest[:n]); err != nil {
				failed(n, err)
			}
			up := o.done(rest[:n])
			clear(rest[:n]) // what has left is not kept for what follows
			if rest = rest[n:]; !up && len(rest) > 0 {
				failed(len(rest), cluster.ErrAway)
				o.done(rest)
				break
			}
		}
		o.keep(batch, copied)
	}
}

// keep keeps an empty batch, and room for copies, for the next one.
func (o *outbox) keep(batch []Out, copied []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if cap(batch) <= mostSpare {
		clear(batch)
		o.spare = batch[:0]
	}
	if cap(copied) <= mostRoom {
		o.room = copied[:0]
	}
}

// done counts what was handed over, and reports whether the engine can be reached.
func (o *outbox) done(batch []Out) (up bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, out := range batch {
		o.bytes -= int64(len(out.Frame))
	}
	o.changedLocked()
	return o.up
}

// changedLocked tells those who wait that there is more, or less.
func (o *outbox) changedLocked() {
	o.backlog.Set(o.bytes, o.up)
	if o.bytes == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// drain waits until nothing waits.
func (o *outbox) drain(ctx context.Context) error {
	o.mu.Lock()
	if o.bytes == 0 {
		o.mu.Unlock()
		return nil
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
