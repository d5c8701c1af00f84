package copies

import (
	"sync"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/internal/outqueue"
)

// Bounds of the observations that wait for one attachment.
const (
	defaultObservations = 1024
	maxObservations     = 65_536
	// maxCopyBytes is how much they hold at most: their payloads, and copyBytes for each.
	maxCopyBytes = 8 << 20
	// copyBytes is about what an observation holds beside a payload.
	copyBytes = 256
)

// Copies are the observations that wait for one attachment: a ring, whose oldest one
// is left out and counted when there is no room.
type Copies struct {
	nudge func() // rouses the sender; set at construction

	mu   sync.Mutex // guards the fields below; a leaf
	ring observe.Ring[observation]
	// roused says that the sender knows that there is something.
	roused bool
	closed bool
}

// New returns copies of which none wait. Nudge is called when there is something for a
// sender that has taken all; with no lock of the package held.
func New(nudge func()) *Copies {
	c := &Copies{nudge: nudge}
	c.Resize(0)
	return c
}

// Resize sets how many may wait, and returns it; 0 is the default.
func (c *Copies) Resize(n uint32) uint32 {
	if n == 0 {
		n = defaultObservations
	}
	n = min(n, maxObservations)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.Limit(observe.Limit{Items: int(n), Bytes: maxCopyBytes})
	return n
}

// put adds an observation. It reports whether the sender has to be roused.
func (c *Copies) put(o *observation, size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.ring.Put(*o, size)
	was := c.roused
	c.roused = true
	return !was
}

// take returns the oldest observation and the gap before it; false when there is none. A
// gap without an observation comes last.
func (c *Copies) take() (o observation, gap uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, gap, ok = c.ring.Take(); ok {
		return o, gap, true
	}
	c.roused = false
	gap = c.ring.Trailing()
	return observation{}, gap, gap > 0
}

// miss counts an observation that was taken and cannot be sent, with its gap.
func (c *Copies) miss(gap uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.Miss(gap + 1)
}

// Close forgets everything: nobody will be sent anything any more.
func (c *Copies) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.ring = true, observe.Ring[observation]{}
}

// Each takes what waits, up to a batch, as items of at most so many bytes. It belongs to
// the sender.
func (c *Copies) Each(most int, push func(item *hubv1.Item, size int)) {
	for n, bytes := 0, 0; n < outqueue.BatchItems && bytes < outqueue.BatchBytes; n++ {
		o, gap, ok := c.take()
		if !ok {
			return
		}
		item := o.item(gap)
		size := proto.Size(item)
		if size > most {
			c.miss(gap)
			continue
		}
		bytes += size
		push(item, size)
	}
}

// Len counts the observations that wait.
func (c *Copies) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ring.Len()
}

// observe lets a subscription of the instance have an observation.
func (c *Copies) observe(o *observation, sub *subscription.Subscription) {
	mine := *o
	mine.sub = sub
	if c.put(&mine, mine.trim()) {
		c.nudge()
	}
}
