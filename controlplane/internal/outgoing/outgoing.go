package outgoing

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
	// ResultLimit is for all results; beyond it the stream ends.
	ResultLimit = outqueue.Limit{Items: 65_536, Bytes: 16 << 20}
	// AnswerLimit is for acknowledgements and answers: it is others who say how many
	// there are and how large, and they must not end a stream.
	AnswerLimit = outqueue.Limit{Items: ResultLimit.Items / 2, Bytes: ResultLimit.Bytes / 2}
	// KeptLimit is for what was sent and has no receipt, beside the window. Beyond it the
	// attachment cannot be resumed.
	KeptLimit = outqueue.Limit{Items: 65_536, Bytes: 16 << 20}
)

// maxNotices bounds the notices that wait: one for each kind and reason. Beyond it
// those of a kind share one.
const maxNotices = 32

// Outgoing is what an attachment has to say. It outlives the streams on which it is
// said. It is safe for concurrent use, but take belongs to one sendLoop at a time.
type Outgoing struct {
	// Set at construction.
	Queue    *outqueue.Queue[Entry]
	overflow func()
	room     func()         // called by the sender when little waits
	Copies   *copies.Copies // what observers get
	Most     int            // bytes of an observation; set by each hello

	mu      sync.Mutex // guards the fields below; taken before the queue's
	notices []pendingNotice
	queries []openQuery
	page    bool // a page of a query waits to be taken
	beat    bool
	closed  bool
}

// Entry is one thing to send: an item that is made already, or a try whose item is
// made at the last moment.
type Entry struct {
	Try  dispatch.Try
	Item *hubv1.Item
	// Frees says that the item is the last result of a command that has a slot.
	Frees bool
	// page says that the item is a page of a query: the next one is made once it is taken.
	page bool
}

// Again prepares an entry to be sent another time: its command has its slot back, and
// what it told of the socket's data may not have come.
func (e *Entry) Again() {
	e.Frees = false
	if e.Item == nil {
		e.Untell()
	}
}

// Untell says of a delivery that what it told of the socket's data has not come: the
// next one tells it.
func (e *Entry) Untell() {
	if m, ok := e.Try.Hint.(told); ok {
		m.Untell()
	}
}

// told is the hint of a delivery that remembers what was told of its socket's data.
type told interface{ Untell() }

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

// New returns one that has nothing to say. Overflow is called when something is left out
// because too much waits, room by the sender when little waits.
func New(overflow, room func()) *Outgoing {
	queue := outqueue.New[Entry]()
	return &Outgoing{Queue: queue, overflow: overflow, room: room, Copies: copies.New(queue.Nudge)}
}

// Deliver queues a try. Its window bounds how many there are.
func (o *Outgoing) Deliver(t dispatch.Try) {
	o.Queue.Push(Entry{Try: t}, t.Bytes+contract.DeliveryBytes)
}

// Tell queues an item in order with the deliveries; how many there are is bounded by
// what they tell of.
func (o *Outgoing) Tell(item *hubv1.Item) { o.Queue.Push(Entry{Item: item}, contract.RoughSize(item)) }

// Offer queues an acknowledgement or an answer, and reports false when so much waits
// that there is no room for it.
func (o *Outgoing) Offer(item *hubv1.Item) bool {
	return o.Queue.Offer(Entry{Item: item}, contract.RoughSize(item), AnswerLimit)
}

// Push queues a result. Acknowledgements in it are left out when there is no room for
// them. When too much waits the stream ends.
func (o *Outgoing) Push(item *hubv1.Item, frees bool) {
	e, size := Entry{Item: item, Frees: frees}, contract.RoughSize(item)
	if total := item.GetResult().GetAckTotal(); len(total.GetAcks()) > 0 {
		if o.Queue.Offer(e, size, AnswerLimit) {
			return
		}
		command.LeaveOut(total, size)
		size = contract.RoughSize(item)
	}
	if !o.Queue.Offer(e, size, ResultLimit) && !o.isClosed() {
		o.overflow()
	}
}

// Fact queues a fact, within the bounds of results. Beyond them the stream ends, and
// is not resumed: it would miss the fact.
func (o *Outgoing) Fact(item *hubv1.Item) {
	if !o.Queue.Offer(Entry{Item: item}, contract.RoughSize(item), ResultLimit) && !o.isClosed() {
		o.overflow()
	}
}

// Pull queues the results of a query. The queries that are open have their turns: one
// page of one of them waits at a time, so that what they have found is never in memory
// as messages.
func (o *Outgoing) Pull(id uint64, p *command.Pages) {
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
	o.Queue.Nudge()
}

// Notice adds to the notice of a kind and reason; the status of the last call is
// told.
func (o *Outgoing) Notice(kind hubv1.NoticeKind, count uint64, s *hubv1.Status) {
	o.mu.Lock()
	o.addNotice(pendingNotice{kind, count, s})
	o.mu.Unlock()
	o.Queue.Nudge()
}

func (o *Outgoing) addNotice(add pendingNotice) {
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

// Heartbeat lets an envelope go even if there is nothing to say.
func (o *Outgoing) Heartbeat() {
	o.mu.Lock()
	o.beat = true
	o.mu.Unlock()
	o.Queue.Nudge()
}

// takeBeat reports whether a heartbeat is due. Any envelope counts as one.
func (o *Outgoing) takeBeat() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	beat := o.beat
	o.beat = false
	return beat
}

// Take waits for something to send and takes up to a batch of it. An empty batch is a
// heartbeat. It returns false when there is nothing more to come.
func (o *Outgoing) Take(into []Entry) (batch []Entry, ok bool) {
	for {
		o.refill()
		batch, ok = o.Queue.Take(into)
		o.turn(batch)
		if beat := o.takeBeat(); beat || len(batch) > 0 || !ok {
			return batch, ok
		}
	}
}

// turn lets the next page be made if one was taken.
func (o *Outgoing) turn(batch []Entry) {
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
func (o *Outgoing) refill() {
	o.mu.Lock()
	notices := o.notices
	o.notices = nil
	var query openQuery
	if !o.page && len(o.queries) > 0 {
		query, o.queries, o.page = o.queries[0], o.queries[1:], true
	}
	o.mu.Unlock()
	for _, n := range notices {
		o.Tell(contract.NoticeItem(&hubv1.Notice{Kind: n.kind, Status: n.status, Count: uint32(min(n.count, 1<<32-1))}))
	}
	if query.pages != nil {
		r := query.pages.Next()
		r.CommandId = query.id
		item := contract.ResultItem(r)
		o.Queue.Push(Entry{Item: item, Frees: !r.More, page: true}, contract.RoughSize(item))
		if r.More {
			o.Pull(query.id, query.pages)
		}
	}
	if o.Queue.Len() < outqueue.BatchItems {
		o.room()
		o.Copies.Each(o.Most, func(item *hubv1.Item, size int) { o.Queue.Push(Entry{Item: item}, size) })
	}
}

// Withdraw takes out the deliveries that wait: they are somebody else's by now.
func (o *Outgoing) Withdraw() {
	o.Queue.Remove(func(e Entry) bool { return e.Item == nil })
}

// Finish lets take return what is queued and then end. The queries that are open have
// no more pages.
func (o *Outgoing) Finish() {
	o.refill()
	o.Queue.Finish()
	o.closeQueries()
}

// Fail gives up what will not be sent.
func (o *Outgoing) Fail() {
	o.Queue.Fail()
	o.closeQueries()
}

func (o *Outgoing) closeQueries() {
	o.mu.Lock()
	queries := o.queries
	o.queries, o.closed = nil, true
	o.mu.Unlock()
	o.Copies.Close()
	for _, q := range queries {
		q.pages.Close()
	}
}

func (o *Outgoing) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}
