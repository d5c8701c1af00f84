package controlplane

import (
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/internal/outqueue"
)

// Bounds of what waits for a service to read, beside its deliveries: those are
// bounded by its window.
var (
	// resultLimit is for all results; beyond it the stream ends.
	resultLimit = outqueue.Limit{Items: 65_536, Bytes: 16 << 20}
	// answerLimit is for acknowledgements and answers: it is others who say how many
	// there are and how large, and they must not end a stream.
	answerLimit = outqueue.Limit{Items: resultLimit.Items / 2, Bytes: resultLimit.Bytes / 2}
	// keptLimit is for what was sent and has no receipt, beside the window. Beyond it the
	// attachment cannot be resumed.
	keptLimit = outqueue.Limit{Items: 65_536, Bytes: 16 << 20}
)

// maxNotices bounds the notices that wait: one for each kind and reason. Beyond it
// those of a kind share one.
const maxNotices = 32

// outgoing is what an attachment has to say. It outlives the streams on which it is
// said. It is safe for concurrent use, but take belongs to one sendLoop at a time.
type outgoing struct {
	// Set at construction.
	queue    *outqueue.Queue[entry]
	overflow func()
	room     func()         // called by the sender when little waits
	copies   *copies.Copies // what observers get
	most     int            // bytes of an observation; set by each hello

	mu      sync.Mutex // guards the fields below; taken before the queue's
	notices []pendingNotice
	queries []openQuery
	page    bool // a page of a query waits to be taken
	beat    bool
	closed  bool
}

// entry is one thing to send: an item that is made already, or a try whose item is
// made at the last moment.
type entry struct {
	try  dispatch.Try
	item *hubv1.Item
	// frees says that the item is the last result of a command that has a slot.
	frees bool
	// page says that the item is a page of a query: the next one is made once it is taken.
	page bool
}

// again prepares an entry to be sent another time: its command has its slot back, and
// what it told of the socket's data may not have come.
func (e *entry) again() {
	e.frees = false
	if e.item == nil {
		e.untell()
	}
}

// untell says of a delivery that what it told of the socket's data has not come: the
// next one tells it.
func (e *entry) untell() {
	if m, ok := e.try.Hint.(*member); ok {
		m.told.Store(nil)
	}
}

// pendingNotice gathers what happened since the last notice of its kind and reason.
type pendingNotice struct {
	kind   hubv1.NoticeKind
	count  uint64
	status *hubv1.Status // of the last time
}

// openQuery is a query whose pages are made as there is room to send them.
type openQuery struct {
	id    uint64 // its command_id
	pages *command.Pages
}

func newOutgoing(overflow, room func()) *outgoing {
	queue := outqueue.New[entry]()
	return &outgoing{queue: queue, overflow: overflow, room: room, copies: copies.New(queue.Nudge)}
}

// deliver queues a try. Its window bounds how many there are.
func (o *outgoing) deliver(t dispatch.Try) {
	o.queue.Push(entry{try: t}, t.Bytes+contract.DeliveryBytes)
}

// tell queues an item in order with the deliveries; how many there are is bounded by
// what they tell of.
func (o *outgoing) tell(item *hubv1.Item) { o.queue.Push(entry{item: item}, contract.RoughSize(item)) }

// offer queues an acknowledgement or an answer, and reports false when so much waits
// that there is no room for it.
func (o *outgoing) offer(item *hubv1.Item) bool {
	return o.queue.Offer(entry{item: item}, contract.RoughSize(item), answerLimit)
}

// push queues a result. Acknowledgements in it are left out when there is no room for
// them. When too much waits the stream ends.
func (o *outgoing) push(item *hubv1.Item, frees bool) {
	e, size := entry{item: item, frees: frees}, contract.RoughSize(item)
	if total := item.GetResult().GetAckTotal(); len(total.GetAcks()) > 0 {
		if o.queue.Offer(e, size, answerLimit) {
			return
		}
		command.LeaveOut(total, size)
		size = contract.RoughSize(item)
	}
	if !o.queue.Offer(e, size, resultLimit) && !o.isClosed() {
		o.overflow()
	}
}

// pull queues the results of a query. The queries that are open have their turns: one
// page of one of them waits at a time, so that what they have found is never in memory
// as messages.
func (o *outgoing) pull(id uint64, p *command.Pages) {
	o.mu.Lock()
	closed := o.closed
	if !closed {
		o.queries = append(o.queries, openQuery{id, p})
	}
	o.mu.Unlock()
	if closed {
		p.Close()
		return
	}
	o.queue.Nudge()
}

// notice adds to the notice of a kind and reason; the status of the last call is
// told.
func (o *outgoing) notice(kind hubv1.NoticeKind, count uint64, s *hubv1.Status) {
	o.mu.Lock()
	o.addNotice(pendingNotice{kind, count, s})
	o.mu.Unlock()
	o.queue.Nudge()
}

func (o *outgoing) addNotice(add pendingNotice) {
	full := len(o.notices) >= maxNotices
	for i := range o.notices {
		n := &o.notices[i]
		if n.kind == add.kind && (n.status.Reason == add.status.Reason || full) {
			n.count += add.count
			n.status = add.status
			return
		}
	}
	o.notices = append(o.notices, add)
}

// heartbeat lets an envelope go even if there is nothing to say.
func (o *outgoing) heartbeat() {
	o.mu.Lock()
	o.beat = true
	o.mu.Unlock()
	o.queue.Nudge()
}

// takeBeat reports whether a heartbeat is due. Any envelope counts as one.
func (o *outgoing) takeBeat() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	beat := o.beat
	o.beat = false
	return beat
}

// take waits for something to send and takes up to a batch of it. An empty batch is a
// heartbeat. It returns false when there is nothing more to come.
func (o *outgoing) take(into []entry) (batch []entry, ok bool) {
	for {
		o.refill()
		batch, ok = o.queue.Take(into)
		o.turn(batch)
		if beat := o.takeBeat(); beat || len(batch) > 0 || !ok {
			return batch, ok
		}
	}
}

// turn lets the next page be made if one was taken.
func (o *outgoing) turn(batch []entry) {
	for i := range batch {
		if batch[i].page {
			o.mu.Lock()
			o.page = false
			o.mu.Unlock()
		}
	}
}

// refill queues what is made as there is room to send it: notices, a page of a query,
// copies for observers.
func (o *outgoing) refill() {
	o.mu.Lock()
	notices := o.notices
	o.notices = nil
	var query openQuery
	if !o.page && len(o.queries) > 0 {
		query, o.queries, o.page = o.queries[0], o.queries[1:], true
	}
	o.mu.Unlock()
	for _, n := range notices {
		o.tell(contract.NoticeItem(&hubv1.Notice{Kind: n.kind, Status: n.status, Count: uint32(min(n.count, 1<<32-1))}))
	}
	if query.pages != nil {
		r := query.pages.Next()
		r.CommandId = query.id
		item := contract.ResultItem(r)
		o.queue.Push(entry{item: item, frees: !r.More, page: true}, contract.RoughSize(item))
		if r.More {
			o.pull(query.id, query.pages)
		}
	}
	if o.queue.Len() < outqueue.BatchItems {
		o.room()
		o.copies.Each(o.most, func(item *hubv1.Item, size int) { o.queue.Push(entry{item: item}, size) })
	}
}

// withdraw takes out the deliveries that wait: they are somebody else's by now.
func (o *outgoing) withdraw() {
	o.queue.Remove(func(e entry) bool { return e.item == nil })
}

// finish lets take return what is queued and then end. The queries that are open have
// no more pages.
func (o *outgoing) finish() {
	o.refill()
	o.queue.Finish()
	o.closeQueries()
}

// fail gives up what will not be sent.
func (o *outgoing) fail() {
	o.queue.Fail()
	o.closeQueries()
}

func (o *outgoing) closeQueries() {
	o.mu.Lock()
	queries := o.queries
	o.queries, o.closed = nil, true
	o.mu.Unlock()
	o.copies.Close()
	for _, q := range queries {
		q.pages.Close()
	}
}

func (o *outgoing) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}
