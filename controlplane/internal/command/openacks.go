package command

import (
	"container/list"
	"sync"

	"github.com/siohub/siohub/hub"
)

const (
	// maxOpenAcks bounds the open acknowledgements of one socket.
	maxOpenAcks = 256
	// openKeep is what one counts beside its event.
	openKeep = 512
)

// DedupeID names an event, as in Delivery.dedupe_id.
type DedupeID [16]byte

// Replier is an event whose browser waits: a *hub.Event.
type Replier interface {
	Reply(b *hub.Batch, args []byte, attachments [][]byte) error
}

// OpenAck is an acknowledgement that a service gives later.
type OpenAck struct {
	ID DedupeID
	// Socket is the id of the socket that waits for it.
	Socket string
	// Group is the group that may give it.
	Group string
	Event Replier
	// Bytes is what the event keeps in memory.
	Bytes int
}

// OpenAcks are the acknowledgements that were left open with `Done.ack_later`: at most
// 256 for each socket, and 64 MiB of their events in all. Beyond either the oldest is
// given up, and its browser never gets one. It is safe for concurrent use.
type OpenAcks struct {
	trace Trace
	limit int // bytes

	mu       sync.Mutex // guards the fields below; a leaf
	byID     map[DedupeID]*list.Element
	all      list.List             // of *openAck, the oldest first
	bySocket map[string]*list.List // of *list.Element in all, the oldest first
	bytes    int
}

type openAck struct {
	OpenAck
	of *list.Element // in the socket's list
}

func newOpenAcks(trace Trace, bytes int64) *OpenAcks {
	return &OpenAcks{
		trace: trace, limit: int(bytes),
		byID: make(map[DedupeID]*list.Element), bySocket: make(map[string]*list.List),
	}
}

// Keep leaves an acknowledgement open. Under an id that is there already it changes
// nothing.
func (o *OpenAcks) Keep(a OpenAck) {
	a.Bytes += openKeep
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID[a.ID] != nil {
		return
	}
	mine := o.bySocket[a.Socket]
	if mine == nil {
		mine = list.New()
		o.bySocket[a.Socket] = mine
	}
	if mine.Len() >= maxOpenAcks {
		o.giveUp(mine.Front().Value.(*list.Element))
	}
	entry := &openAck{OpenAck: a}
	e := o.all.PushBack(entry)
	entry.of = mine.PushBack(e)
	o.bySocket[a.Socket] = mine // it may have been emptied above
	o.byID[a.ID] = e
	o.bytes += a.Bytes
	for o.bytes > o.limit && o.all.Len() > 1 {
		o.giveUp(o.all.Front())
	}
}

// EndSocket gives up what is open for a socket that has gone for good.
func (o *OpenAcks) EndSocket(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	mine := o.bySocket[id]
	if mine == nil {
		return
	}
	for e := mine.Front(); e != nil; e = mine.Front() {
		o.removeLocked(e.Value.(*list.Element))
	}
}

// Len counts what is open.
func (o *OpenAcks) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.byID)
}

// find returns the event of an acknowledgement that is open for a group. An empty
// group, which is that of unary calls, may give all. Nil when there is none.
func (o *OpenAcks) find(id DedupeID, group string) Replier {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.byID[id]
	if e == nil {
		return nil
	}
	a := e.Value.(*openAck)
	if group != "" && a.Group != group {
		return nil
	}
	return a.Event
}

// remove closes an acknowledgement that was given.
func (o *OpenAcks) remove(id DedupeID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.byID[id]; e != nil {
		o.removeLocked(e)
	}
}

// giveUp closes one for want of room. The caller holds mu.
func (o *OpenAcks) giveUp(e *list.Element) {
	o.removeLocked(e)
	o.trace.Bound(BoundOpenAcks)
}

// removeLocked takes one out of all lists. The caller holds mu.
func (o *OpenAcks) removeLocked(e *list.Element) {
	a := o.all.Remove(e).(*openAck)
	delete(o.byID, a.ID)
	o.bytes -= a.Bytes
	mine := o.bySocket[a.Socket]
	mine.Remove(a.of)
	if mine.Len() == 0 {
		delete(o.bySocket, a.Socket)
	}
}
