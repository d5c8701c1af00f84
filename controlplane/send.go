package controlplane

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/controlplane/trace"
)

// sendLoop sends the welcome and then what the attachment has to say, until there is
// no more or the stream is gone.
func (st *stream) sendLoop() {
	defer st.srv.done.Done()
	defer close(st.sent)
	defer st.rescue()
	s := sender{wire: st.wire, trace: st.srv.trace, pulse: &st.pulse, attachment: st.attachment}
	out := st.attachment.out
	if s.sendOne([]*hubv1.Item{st.welcome}, 0) != nil {
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
		if err := s.send(entries); err != nil {
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
		_ = s.sendOne([]*hubv1.Item{endedItem(st.cause)}, 0) // a service that has gone misses nothing
	}
}

// sender makes the envelopes of a stream and sends them. It belongs to sendLoop.
type sender struct {
	wire       grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]
	trace      trace.Tracer
	pulse      *pulse
	attachment *attachment
}

// send sends entries in as few envelopes as the service takes. None is a heartbeat.
func (s *sender) send(entries []outgoing.Entry) error {
	if len(entries) == 0 {
		return s.sendOne([]*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}, 0)
	}
	items := s.build(entries)
	most := s.attachment.maxEnvelope - contract.EnvelopeMargin
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
		if err := s.sendOne(items[begin:begin+n:begin+n], n); err != nil {
			return err
		}
		begin += n
	}
	return nil
}

// sendOne sends one envelope, made of so many entries. A nil item is left out.
func (s *sender) sendOne(items []*hubv1.Item, entries int) error {
	left := items[:0:len(items)]
	for _, item := range items {
		if item != nil {
			left = append(left, item)
		}
	}
	// The number is out before the envelope is: a receipt for it cannot be early.
	number := s.attachment.out.Queue.Number(entries)
	if len(left) == 0 && entries > 0 {
		left = append(left, &hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
	}
	start := time.Now()
	s.pulse.sends.Add(1)
	s.pulse.sending.Store(true)
	err := s.wire.Send(&hubv1.AttachResponse{
		EnvelopeSeq: number, AckEnvelopeSeq: s.attachment.applied.Load(), Items: left,
	})
	s.pulse.sending.Store(false)
	if err == nil {
		s.trace.EnvelopeSent(len(left), time.Since(start))
	}
	return err
}

// build makes the items of entries, one for each; nil for one that cannot be sent.
// What is sent is never touched again: gRPC's stats handlers may look at it later.
func (s *sender) build(entries []outgoing.Entry) []*hubv1.Item {
	items := make([]*hubv1.Item, 0, len(entries))
	events := 0
	for i := range entries {
		if entries[i].Item == nil && entries[i].Try.Kind == dispatch.Event {
			events++
		}
	}
	// One allocation for all events of the envelope.
	slab := make([]contract.EventItem, events)
	a := s.attachment
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
