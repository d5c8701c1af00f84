package service

import (
	"log/slog"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

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
		for _, item := range envelope.GetItems() {
			st.item(item)
		}
	}
}

func (st *stream) item(item *hubv1.Item) {
	switch kind := item.GetKind().(type) {
	case *hubv1.Item_Delivery:
		st.deliver(kind.Delivery)
	case *hubv1.Item_Result:
		st.result(kind.Result)
	case *hubv1.Item_Notice:
		st.notice(kind.Notice)
	}
	// A heartbeat has been counted as an envelope; what is not known is passed over.
}

// deliver gives a delivery to its lane, or settles it at once when nobody is
// interested in it.
func (st *stream) deliver(d *hubv1.Delivery) {
	w := &work{Context: st.ctx, stream: st, delivery: d}
	w.socket = &Socket{svc: st.svc, s: d.GetSocket()}
	w.namespace = st.svc.registry.find(d.GetSocket().GetNamespace())
	interested, known := w.identify()
	switch {
	case w.namespace == nil || !known:
		w.refuse()
	case !interested:
		st.settle(w, &hubv1.Settlement{Outcome: settledDone}, 0)
	default:
		st.svc.lanes.add(w)
	}
}

// result gives a command's result to who waits for it. That of a settlement is
// news only to the log: whatever was settled is somebody else's by now.
func (st *stream) result(r *hubv1.Result) {
	if r.GetDeliverySeq() == 0 {
		st.results.deliver(r)
		return
	}
	err := statusError(r.GetStatus())
	if err == nil {
		return
	}
	st.svc.traceCommandFailed(err, 1)
	switch err.Code {
	case codes.InvalidArgument:
		// It settled nothing. Without another answer it would stand in the window for
		// ever, and all of its socket's behind it.
		st.svc.log.Error("the hub does not take an answer", "delivery", r.GetDeliverySeq(), "err", err)
		st.out.control(nackAction(r.GetDeliverySeq(), err, false, 0))
	case codes.FailedPrecondition:
		st.svc.log.Error("the hub does not take an answer", "delivery", r.GetDeliverySeq(), "err", err)
	default:
		st.svc.log.Debug("the hub has no use for an answer", "delivery", r.GetDeliverySeq(), "err", err)
	}
}

func (st *stream) notice(n *hubv1.Notice) {
	svc, err := st.svc, statusError(n.GetStatus())
	if err == nil {
		err = &StatusError{Message: n.GetKind().String()}
	}
	log := svc.log.With("count", n.GetCount(), "err", err)
	switch n.GetKind() {
	case hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED:
		svc.traceCommandFailed(err, uint64(n.GetCount()))
		level := slog.LevelWarn
		if err.Code == codes.Aborted {
			level = slog.LevelDebug // another try does it
		}
		log.Log(st.ctx, level, "commands failed")
	case hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED:
		if hook := svc.opts.Trace.DeliveriesDropped; hook != nil {
			hook(err, uint64(n.GetCount()))
		}
		log.Warn("the hub has dropped deliveries")
	case hubv1.NoticeKind_NOTICE_KIND_LIFECYCLE_LOST:
		log.Warn("the hub has dropped lifecycle records; live sockets are introduced anew")
	default:
		log.Warn("notice from the hub", "kind", n.GetKind())
	}
}

func (s *Service) traceCommandFailed(err *StatusError, count uint64) {
	if hook := s.opts.Trace.CommandFailed; hook != nil {
		hook(err, count)
	}
}
