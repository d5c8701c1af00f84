package service

import (
	"context"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// answer is a reply as it is queued: all messages of it in one allocation.
type answer struct {
	action     hubv1.Action
	kind       hubv1.Action_Settlement
	settlement hubv1.Settlement
	outcome    hubv1.Settlement_Reply
	reply      hubv1.Reply
	payload    hubv1.Payload
}

// reply settles an event with the browser's acknowledgement.
func (w *work) reply(args []any) error {
	if !w.event.WantsAck {
		_, err := encodeArgs(args)
		return err
	}
	return w.replyArgs(args)
}

// replyArgs settles a delivery with arguments.
func (w *work) replyArgs(args []any) error {
	p, err := encodeArgs(args)
	if err != nil {
		return err
	}
	size := p.size()
	if err := w.att.fits(size); err != nil {
		return err
	}
	a := &answer{}
	a.payload.Args, a.payload.Attachments = p.Args, p.Attachments
	a.reply.Payload = &a.payload
	a.outcome.Reply = &a.reply
	a.settlement.DeliverySeq, a.settlement.Outcome = w.delivery.GetDeliverySeq(), &a.outcome
	a.kind.Settlement = &a.settlement
	a.action.Kind = &a.kind
	return w.send(&a.action, size)
}

// rejection is the one shape in which a browser's callback hears of an error: it gets
// it as its single argument.
type rejection struct {
	Error rejectionError `json:"error"`
}

type rejectionError struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// What AnswerFailures says. The cause is the log's: it is not the browser's business.
const (
	failedMessage    = "internal error"
	unhandledMessage = "unhandled event"
)

// reject answers an event with an error. A browser that wants no acknowledgement hears
// nothing.
func reject(w *work, r *RejectError) error {
	w.svc.log.Debug("rejected", "namespace", w.socket.Namespace(), "delivery", w.kind(), "socket", w.socket.ID(), "err", r)
	if !w.event.WantsAck {
		w.settle(&hubv1.Settlement{Outcome: settledDone}, 0)
		return nil
	}
	return w.replyArgs([]any{rejection{Error: rejectionError{Message: r.Message, Data: r.Data}}})
}

// unhandledEvent answers what no handler takes, see Options.AnswerFailures.
func unhandledEvent(context.Context, *Event) error { return Reject(unhandledMessage, nil) }
