package service

import (
	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// receiptEvery is after how many envelopes of the hub without an own one a receipt is
// sent by itself.
const receiptEvery = 32

// recvLoop is the only goroutine that receives after the welcome. It waits for
// nothing but the stream: work goes to the lanes, which the window bounds, and
// results to places that were reserved for them. It ends with the stream and
// returns why: io.EOF after a clean end.
func (st *stream) recvLoop() error {
	for _, item := range st.early {
		st.item(item)
	}
	st.early = nil
	for {
		envelope, err := st.rpc.Recv()
		if err != nil {
			return err
		}
		st.received.Add(1)
		st.att.heard.Add(1)
		// A receipt that says too much would end the stream; it is another one's fault.
		_ = st.att.out.queue.Ack(envelope.GetAckEnvelopeSeq())
		if number := envelope.GetEnvelopeSeq(); number != 0 {
			if number <= st.att.received.Load() {
				continue // was applied before the stream broke
			}
			st.items(envelope)
			st.att.received.Store(number)
			// Again and again: a sender that is not asleep does not notice.
			if n := st.unreceipted.Add(1); n >= receiptEvery && n%(receiptEvery/4) == 0 {
				st.att.out.queue.Nudge()
			}
			continue
		}
		st.items(envelope)
	}
}

func (st *stream) items(envelope *hubv1.AttachResponse) {
	for _, item := range envelope.GetItems() {
		st.item(item)
	}
}

func (st *stream) item(item *hubv1.Item) {
	switch kind := item.GetKind().(type) {
	case *hubv1.Item_Delivery:
		st.att.deliver(kind.Delivery)
	case *hubv1.Item_Result:
		st.att.result(kind.Result)
	case *hubv1.Item_Notice:
		st.att.notice(kind.Notice)
	case *hubv1.Item_Revoked:
		st.att.revoke(kind.Revoked.GetDeliverySeqs(), &RevokedError{Reason: kind.Revoked.GetReason()})
	case *hubv1.Item_Released:
		st.att.released(kind.Released)
	case *hubv1.Item_Observation:
		st.att.observe(kind.Observation)
	case *hubv1.Item_Drain:
		st.svc.log.Info("the hub drains", "hub", st.att.peer.hubID, "reason", kind.Drain.GetReason(), "deadline", deadlineOf(kind.Drain))
		if hook := st.svc.opts.Trace.HubDrains; hook != nil {
			hook(st.att.peer.hubID, kind.Drain.GetReason(), deadlineOf(kind.Drain))
		}
	case *hubv1.Item_Ended:
		st.ended = statusError(kind.Ended.GetStatus())
	}
	// A heartbeat has been counted as an envelope; what is not known is passed over.
}

// deliver gives a delivery to its lane, or settles it at once when nobody is
// interested in it.
func (a *attachment) deliver(d *hubv1.Delivery) {
	if a.finished.Load() {
		return // it is another instance's
	}
	w := &work{Context: a.ctx, svc: a.svc, att: a, delivery: d}
	w.socket = &Socket{svc: a.svc, s: d.GetSocket()}
	w.sub = a.svc.registry.find(d.GetSubscriptionId())
	interested, known := w.identify()
	if known && remembers(w.sub.namespace) {
		a.remember(w)
	}
	switch {
	case !known:
		w.refuse()
	case !interested:
		if w.member != nil && d.GetDisconnected() != nil {
			a.peer.forget(w.socket.ID(), w.member)
		}
		w.settle(&hubv1.Settlement{Outcome: settledDone}, 0)
	default:
		a.svc.lanes.Add(w)
	}
}

// remember keeps what this process has to know of the socket.
func (a *attachment) remember(w *work) {
	switch d := w.delivery; d.GetBody().(type) {
	case *hubv1.Delivery_Connected:
		var late bool
		if w.member, late = a.peer.introduce(w.sub.namespace, d); !late {
			a.svc.hubs.cameBack(a.peer, w.socket.ID())
		}
	case *hubv1.Delivery_Disconnected:
		w.member = a.peer.find(w.socket.ID())
	case *hubv1.Delivery_Event:
	default:
		return
	}
	if w.sub.namespace.terms.socketData == DataOnChange {
		w.socket.data = a.peer.refresh(w.delivery.GetSocket())
	}
}

// result gives a command's result to who waits for it. That of a settlement is
// news only to the log: the hub has ended its delivery.
func (a *attachment) result(r *hubv1.Result) {
	if r.GetDeliverySeq() == 0 {
		a.results.Deliver(r)
		return
	}
	err := statusError(r.GetStatus())
	if err == nil {
		return
	}
	a.svc.traceCommandFailed(err, 1)
	switch err.Code {
	case codes.Aborted, codes.Canceled, codes.NotFound, codes.AlreadyExists:
		a.svc.log.Debug("the hub has no use for an answer", "delivery", r.GetDeliverySeq(), "err", err)
	default:
		a.svc.log.Error("the hub does not take an answer", "delivery", r.GetDeliverySeq(), "err", err)
	}
}

func (s *Service) traceCommandFailed(err *StatusError, count uint64) {
	if hook := s.opts.Trace.CommandFailed; hook != nil {
		hook(err, count)
	}
}
