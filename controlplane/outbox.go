package controlplane

import (
	"runtime"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// Bounds of what waits for a service to read, beside its deliveries: those are
// bounded by its window. Beyond them the stream ends.
const (
	outboxResults = 65_536
	outboxBytes   = 16 << 20

	// Acknowledgements take half of it at most: it is browsers that say how many there
	// are and how large, and they must not end a stream.
	outboxAcks     = outboxResults / 2
	outboxAckBytes = outboxBytes / 2
)

// maxNotices bounds the notices that wait: one for each kind and reason. Beyond it
// those of a kind share one.
const maxNotices = 32

// outbox is what waits to be sent on one stream, in order. It may be used from many
// goroutines; take belongs to sendLoop.
type outbox struct {
	overflow func() // called when the bounds are exceeded

	mu sync.Mutex // guards the fields below; a leaf
	// queue[head:] waits.
	queue []entry
	head  int
	// results and bytes count what is not a delivery.
	results, bytes int
	notices        []pendingNotice
	beat           bool
	finished       bool
	closed         bool // nobody takes any more
	asleep         bool
	wake           chan struct{}
}

// entry is one thing to send: an item that is made already, or a try whose item is
// made at the last moment.
type entry struct {
	try  dispatch.Try
	item *hubv1.Item
	// pages has the results of a query: the next one is made when the sender takes it.
	pages *command.Pages
	// query is the query's command_id.
	query uint64
	// frees says that the item is the last result of a command that has a slot.
	frees bool
	size  int
}

// pendingNotice gathers what happened since the last notice of its kind and reason.
type pendingNotice struct {
	kind   hubv1.NoticeKind
	count  uint64
	status *hubv1.Status // of the last time
}

func newOutbox(overflow func()) *outbox {
	return &outbox{overflow: overflow, wake: make(chan struct{}, 1)}
}

// deliver queues a try. Its window bounds how many there are.
func (o *outbox) deliver(t dispatch.Try) {
	o.mu.Lock()
	if !o.finished {
		o.queue = append(o.queue, entry{try: t, size: t.Bytes + deliveryBytes})
		o.rouse()
	}
	o.mu.Unlock()
}

// deliveryBytes is about what a delivery takes beside its payload.
const deliveryBytes = 192

// offer queues a browser's acknowledgement, and reports false when so much waits
// that there is no room for it.
func (o *outbox) offer(item *hubv1.Item) bool {
	size := roughSize(item)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished || o.results >= outboxAcks || o.bytes+size > outboxAckBytes {
		return false
	}
	o.append(item, false, size)
	return true
}

// append queues an item. The caller holds mu.
func (o *outbox) append(item *hubv1.Item, frees bool, size int) {
	o.results++
	o.bytes += size
	o.queue = append(o.queue, entry{item: item, frees: frees, size: size})
	o.rouse()
}

// pull queues the results of a query. Only one of them waits at a time.
func (o *outbox) pull(query uint64, p *command.Pages) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		p.Close()
		return
	}
	o.queue = append(o.queue, entry{pages: p, query: query, size: pageWait})
	o.rouse()
}

// pageWait is what a page counts that is not made yet: it leaves in an envelope of its
// own, so that no more than one is made at a time.
const pageWait = batchBytes

// turn takes the next page of a query's entry, and queues the entry again if there is
// more: other queries and results have their turn between.
func (o *outbox) turn(e *entry) {
	r := e.pages.Next()
	r.CommandId = e.query
	e.item = resultItem(r)
	if e.frees = !r.More; r.More {
		o.pull(e.query, e.pages)
	}
}

// close gives up what will not be sent.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.queue[o.head:] {
		if e.pages != nil {
			e.pages.Close()
		}
	}
	o.queue, o.head = nil, 0
	o.finished, o.closed = true, true
}

// push queues an item that is made already. It reports false when the stream has
// ended, or ends because too much is waiting. Acknowledgements in it are left out when
// there is no room for them.
func (o *outbox) push(item *hubv1.Item, frees bool) bool {
	size := roughSize(item)
	o.mu.Lock()
	if total := item.GetResult().GetAckTotal(); len(total.GetAcks()) > 0 && o.bytes+size > outboxAckBytes {
		command.LeaveOut(total, size)
		size = roughSize(item)
	}
	over := o.results >= outboxResults || o.bytes+size > outboxBytes
	ok := !o.finished && !over
	if ok {
		o.append(item, frees, size)
	}
	o.mu.Unlock()
	if over {
		o.overflow()
	}
	return ok
}

// notice adds to the notice of a kind and reason; the status of the last call is
// told.
func (o *outbox) notice(kind hubv1.NoticeKind, count uint64, s *hubv1.Status) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rouse()
	full := len(o.notices) >= maxNotices
	for i := range o.notices {
		n := &o.notices[i]
		if n.kind == kind && (n.status.Reason == s.Reason || full) {
			n.count += count
			n.status = s
			return
		}
	}
	o.notices = append(o.notices, pendingNotice{kind, count, s})
}

// heartbeat lets an envelope go even if there is nothing to say.
func (o *outbox) heartbeat() {
	o.mu.Lock()
	o.beat = true
	o.rouse()
	o.mu.Unlock()
}

// finish lets take return what is queued, but for deliveries, which are somebody
// else's by now, and then end.
func (o *outbox) finish() {
	o.mu.Lock()
	o.finished = true
	var rest []entry
	for _, e := range o.queue[o.head:] {
		if e.item != nil || e.pages != nil {
			rest = append(rest, e)
		}
	}
	o.queue, o.head = rest, 0
	o.rouse()
	o.mu.Unlock()
}

// rouse wakes the sender if it sleeps. The caller holds mu.
func (o *outbox) rouse() {
	if o.asleep {
		o.asleep = false
		o.wake <- struct{}{} // has room: only a sleeper is woken, and once
	}
}

// take waits for something to send and takes up to a batch of it, with the notices
// and the heartbeat that are due beside it. It returns false when the outbox is
// finished and empty.
func (o *outbox) take(entries []entry) (batch []entry, asides []*hubv1.Item, ok bool) {
	for {
		o.mu.Lock()
		entries = o.takeLocked(entries)
		asides = o.takeAsides(len(entries) == 0)
		if len(entries)+len(asides) > 0 || o.finished {
			o.mu.Unlock()
			return entries, asides, len(entries)+len(asides) > 0
		}
		o.asleep = true
		o.mu.Unlock()
		<-o.wake
		// The scheduler runs a goroutine that was woken before those that have been ready
		// for longer. Whoever is ready now has something to send, too.
		runtime.Gosched()
	}
}

func (o *outbox) takeLocked(entries []entry) []entry {
	bytes := 0
	for o.head < len(o.queue) && len(entries) < batchItems {
		e := &o.queue[o.head]
		if len(entries) > 0 && bytes+e.size > batchBytes {
			break
		}
		bytes += e.size
		if e.item != nil {
			o.results--
			o.bytes -= e.size
		}
		entries = append(entries, *e)
		*e = entry{}
		o.head++
	}
	o.compact()
	return entries
}

// takeAsides makes the notices, and a heartbeat when the envelope would be empty
// without it: any envelope counts as one.
func (o *outbox) takeAsides(empty bool) (items []*hubv1.Item) {
	beat := o.beat
	o.beat = false
	if beat && empty && len(o.notices) == 0 {
		return []*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}
	}
	for _, n := range o.notices {
		items = append(items, &hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
			Kind: n.kind, Status: n.status, Count: uint32(n.count),
		}}})
	}
	o.notices = nil
	return items
}

// compact gives room back once much of the queue has been taken.
func (o *outbox) compact() {
	switch {
	case o.head == len(o.queue):
		o.queue, o.head = o.queue[:0], 0
		if cap(o.queue) > 4096 {
			o.queue = nil
		}
	case o.head > 1024 && o.head > len(o.queue)/2:
		n := copy(o.queue, o.queue[o.head:])
		clear(o.queue[n:])
		o.queue, o.head = o.queue[:n], 0
	}
}
