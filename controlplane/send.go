package controlplane

import (
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
)

// sendLoop sends the welcome and then what the attachment has to say, until there is
// no more or the stream is gone.
func (st *stream) sendLoop() {
	defer st.srv.done.Done()
	defer close(st.sent)
	defer st.rescue()
	out := st.attachment.out
	if st.sendOne([]*hubv1.Item{st.welcome}, 0) != nil {
		st.end(errLost)
		return
	}
	st.welcome = nil
	var entries []outgoing.Entry
	for {
		var ok bool
		if entries, ok = out.Take(entries[:0]); !ok {
			break
		}
		if err := st.send(entries); err != nil {
			st.end(errLost)
			return
		}
		clear(entries)
		if st.attachment.drained() {
			st.end(errDrained)
		}
	}
	// The queue has ended because the stream has, and its cause is set by now.
	<-st.done
	if told(st.cause) {
		_ = st.sendOne([]*hubv1.Item{endedItem(st.cause)}, 0) // a service that has gone misses nothing
	}
}

// told reports whether a service is told of an end: it knows that it left, and cannot hear that it is lost.
func told(cause error) bool { return cause != nil && !errors.Is(cause, errLost) }

// endedItem says why a stream ends.
func endedItem(cause error) *hubv1.Item {
	ended := &hubv1.Ended{}
	if !errors.Is(cause, errDrained) {
		ended.Status = fault.StatusOf(cause)
	}
	return &hubv1.Item{Kind: &hubv1.Item_Ended{Ended: ended}}
}

// send sends entries in as few envelopes as the service takes. None is a heartbeat.
func (st *stream) send(entries []outgoing.Entry) error {
	if len(entries) == 0 {
		return st.sendOne([]*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}, 0)
	}
	items := st.build(entries)
	most := st.attachment.maxEnvelope - contract.EnvelopeMargin
	for begin := 0; begin < len(items); {
		n, bytes := 0, 0
		for begin+n < len(items) {
			// About its size: protobuf would walk through each event for the exact one.
			size := 0
			if item := items[begin+n]; item != nil {
				size = contract.RoughSize(item)
			}
			if n > 0 && bytes+size > most {
				break
			}
			bytes += size
			n++
		}
		if err := st.sendOne(items[begin:begin+n:begin+n], n); err != nil {
			return err
		}
		begin += n
	}
	return nil
}

// sendOne sends one envelope, made of so many entries. A nil item is left out.
func (st *stream) sendOne(items []*hubv1.Item, entries int) error {
	left := items[:0:len(items)]
	for _, item := range items {
		if item != nil {
			left = append(left, item)
		}
	}
	// The number is out before the envelope is: a receipt for it cannot be early.
	number := st.attachment.out.Queue.Number(entries)
	if len(left) == 0 && entries > 0 {
		left = append(left, &hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
	}
	start := time.Now()
	st.pulse.sends.Add(1)
	st.pulse.sending.Store(true)
	err := st.wire.Send(&hubv1.AttachResponse{
		EnvelopeSeq: number, AckEnvelopeSeq: st.attachment.applied.Load(), Items: left,
	})
	st.pulse.sending.Store(false)
	if err == nil {
		st.srv.trace.EnvelopeSent(len(left), time.Since(start))
	}
	return err
}

// build makes the items of entries, one for each; nil for one that cannot be sent.
// What is sent is never touched again: gRPC's stats handlers may look at it later.
func (st *stream) build(entries []outgoing.Entry) []*hubv1.Item {
	items := make([]*hubv1.Item, 0, len(entries))
	events := 0
	for i := range entries {
		if entries[i].Item == nil && entries[i].Try.Kind == dispatch.Event {
			events++
		}
	}
	// One allocation for all events of the envelope.
	slab := make([]contract.EventItem, events)
	a := st.attachment
	for i := range entries {
		e := &entries[i]
		item := e.Item
		switch {
		case item != nil:
			a.window.release(e.Frees)
		case e.Try.Kind == dispatch.Event:
			item = a.eventItem(&slab[0], &e.Try)
			slab = slab[1:]
		default:
			item = a.deliveryItem(&e.Try)
		}
		if e.Item == nil {
			a.debugDelivery(&e.Try)
		}
		items = append(items, a.fit(e, item))
	}
	return items
}

// fit returns the item if it goes into an envelope by itself. A delivery that does
// not is dropped; a result is shortened, and so are the rooms of a socket: that it came
// or left is worth more than all its rooms.
func (o *outbound) fit(e *outgoing.Entry, item *hubv1.Item) *hubv1.Item {
	most := o.a.maxEnvelope - contract.EnvelopeMargin
	if contract.RoughSize(item) <= most/2 || proto.Size(item) <= most || contract.LeaveOutRooms(item, most) {
		return item
	}
	if e.Item != nil {
		if total := item.GetResult().GetAckTotal(); total != nil {
			command.LeaveOut(total, proto.Size(item)-(o.a.maxEnvelope-contract.EnvelopeMargin))
		}
		return item
	}
	e.Untell()
	if !o.a.lease.Load().Discard(e.Try, dispatch.TooLarge) {
		return nil
	}
	o.a.tooLarge(&e.Try)
	return nil
}
