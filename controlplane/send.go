package controlplane

import (
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// An envelope takes what is queued when the sender wakes, up to these targets:
// batching comes from back-pressure, never from a timer. 48 KiB stays below
// grpc-go's write quota of 64 KiB for a stream.
const (
	batchItems = 256
	batchBytes = 48 << 10
)

// envelopeMargin is kept free for what surrounds the items of an envelope.
const envelopeMargin = 1 << 10

// sendLoop sends what is queued, until the outbox is finished or the stream gone.
func (st *stream) sendLoop() {
	defer st.srv.done.Done()
	defer close(st.sent)
	defer st.out.close()
	defer st.rescue()
	var entries []entry
	for {
		var asides []*hubv1.Item
		var ok bool
		if entries, asides, ok = st.out.take(entries[:0]); !ok {
			return
		}
		if err := st.send(st.build(entries, asides)); err != nil {
			st.end(errLost)
			st.out.finish()
			return
		}
		clear(entries)
	}
}

// send sends items in as few envelopes as the service takes.
func (st *stream) send(items []*hubv1.Item) error {
	for len(items) > 0 {
		n, bytes := 0, 0
		for n < len(items) {
			// Most items are far from the limit: their size is not asked for.
			size := roughSize(items[n])
			if n > 0 && bytes+size > st.maxEnvelope-envelopeMargin {
				break
			}
			bytes += size
			n++
		}
		if err := st.sendOne(items[:n:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

func (st *stream) sendOne(items []*hubv1.Item) error {
	// The number is out before the envelope is: a receipt for it cannot be early.
	number := st.pulse.lastSent.Add(1)
	start := time.Now()
	st.pulse.sending.Store(true)
	err := st.wire.Send(&hubv1.AttachResponse{
		EnvelopeSeq: number, AckEnvelopeSeq: st.pulse.applied.Load(), Items: items,
	})
	st.pulse.sending.Store(false)
	if err == nil {
		st.srv.trace.envelopeSent(len(items), time.Since(start))
	}
	return err
}

// build makes the items of entries, and puts those that are made already behind.
// What is sent is never touched again: gRPC's stats handlers may look at it later.
func (st *stream) build(entries []entry, asides []*hubv1.Item) []*hubv1.Item {
	items := make([]*hubv1.Item, 0, len(entries)+len(asides))
	events := 0
	for i := range entries {
		if entries[i].pages != nil {
			st.out.turn(&entries[i])
		}
		if entries[i].item == nil && entries[i].try.Kind == dispatch.Event {
			events++
		}
	}
	// One allocation for all events of the envelope.
	slab := make([]eventItem, events)
	for i := range entries {
		e := &entries[i]
		item := e.item
		switch {
		case item != nil:
			st.commands.release(e.frees)
		case e.try.Kind == dispatch.Event:
			item = st.srv.eventItem(&slab[0], &e.try)
			slab = slab[1:]
			st.debugDelivery(&e.try)
		default:
			item = st.srv.lifecycleItem(&e.try)
			st.debugDelivery(&e.try)
		}
		if item = st.fit(e, item); item != nil {
			items = append(items, item)
		}
	}
	return append(items, asides...)
}

// fit returns the item if it goes into an envelope by itself. A delivery that does
// not is dropped; a result is shortened.
func (st *stream) fit(e *entry, item *hubv1.Item) *hubv1.Item {
	if most := st.maxEnvelope - envelopeMargin; roughSize(item) <= most/2 || proto.Size(item) <= most {
		return item
	}
	if e.item != nil {
		if total := item.GetResult().GetAckTotal(); total != nil {
			command.LeaveOut(total, proto.Size(item)-(st.maxEnvelope-envelopeMargin))
		}
		return item
	}
	if !st.attachment.Discard(e.try, dispatch.TooLarge) {
		return nil
	}
	if c, ok := e.try.Body.(*connect); ok {
		c.undecided(UndecidedTooLarge)
	}
	return nil
}
