package service

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// work is one delivery on its way through its handler, or something that the kit has
// to tell by itself. It is the handler's context too (lease.go), so that a delivery
// costs one allocation: that of its attachment, with itself as a value.
type work struct {
	context.Context
	svc      *Service
	att      *attachment // nil for what the kit made itself: there is nothing to settle
	key      string      // its lane
	delivery *hubv1.Delivery
	task     func(context.Context) error // instead of a handler of the delivery; may be nil
	sub      *subscription
	handler  *handler // of an event
	member   *member  // of connected and disconnected, where members are kept
	socket   *Socket  // by itself, because it may be kept: without the delivery
	event    Event

	lease   atomic.Pointer[lease]
	settled atomic.Bool
}

type workKey struct{}

// workOf returns the delivery of a handler's context, nil for any other.
func workOf(ctx context.Context) *work {
	w, _ := ctx.Value(workKey{}).(*work)
	return w
}

// Lanes of what belongs to no socket. Their pieces run beside each other.
const (
	laneOfCalls    = "\x00call"
	laneOfRenewals = "\x00renewal"
)

// laneOfReturns is before the id of a socket that wants to come back.
const laneOfReturns = "\x00return "

// identify finds the handler and the lane. It reports whether anybody is interested,
// and whether this service should have got the delivery at all.
func (w *work) identify() (interested, known bool) {
	if w.sub == nil || w.sub.namespace == nil {
		return false, false
	}
	h := &w.sub.namespace.handlers
	w.key = w.delivery.GetSocket().GetId()
	switch body := w.delivery.GetBody().(type) {
	case *hubv1.Delivery_Event:
		w.handler = w.sub.find(body.Event.GetName())
		return w.handler != nil, w.handler != nil
	case *hubv1.Delivery_ConnectAttempt:
		if body.ConnectAttempt.GetRecovery() != nil {
			// Its browser does not wait for handlers of the life that is over.
			w.key = laneOfReturns + w.key
		}
		return h.connect != nil, h.connect != nil
	case *hubv1.Delivery_Connected:
		return h.connected != nil && !quiet(w.sub.namespace, body.Connected), true
	case *hubv1.Delivery_Disconnected:
		return h.disconnect != nil, true
	case *hubv1.Delivery_AuthExpiring:
		w.key = laneOfRenewals
		return h.expiring != nil, h.expiring != nil
	case *hubv1.Delivery_ServiceCall:
		w.key = laneOfCalls
		return len(h.calls) > 0, len(h.calls) > 0
	}
	return false, false
}

// refuse answers a delivery that nobody here knows: of a kind of tomorrow, or of
// another version of the service.
func (w *work) refuse() {
	w.svc.log.Warn("delivery without a handler", "namespace", w.socket.Namespace(), "delivery", w.kind())
	status := &hubv1.Status{Code: hubv1.Code_CODE_UNIMPLEMENTED, Message: "no handler"}
	w.settle(&hubv1.Settlement{Outcome: &hubv1.Settlement_Nack{Nack: &hubv1.Nack{Status: status}}}, 0)
}

// Key implements lanes.Work.
func (w *work) Key() string { return w.key }

// Concurrent implements lanes.Work.
func (w *work) Concurrent() bool {
	if w.handler != nil {
		return w.handler.concurrent || w.sub.namespace.terms.concurrent
	}
	return w.key == laneOfCalls || w.key == laneOfRenewals
}

// Last implements lanes.Work: everything else of the socket has to be over before.
func (w *work) Last() bool { return w.delivery.GetDisconnected() != nil }

// Run implements lanes.Work: it calls the handler and settles the delivery. What has
// become somebody else's meanwhile is not begun.
func (w *work) Run() {
	if w.Err() != nil {
		return
	}
	err := errGoexit
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
		w.finish(err)
	}()
	err = w.call()
}

// errTold says that the program has heard of the socket's end already, from the kit: the
// hub is late.
var errTold = errors.New("service: the end was told already")

var errGoexit = errors.New("service: the handler ended its goroutine")

// call calls the handler. A connect attempt is settled here, because it is the
// one whose result is a value.
func (w *work) call() error {
	if w.task != nil {
		return w.task(w)
	}
	h := &w.sub.namespace.handlers
	switch body := w.delivery.GetBody().(type) {
	case *hubv1.Delivery_Event:
		w.event = Event{
			Socket: w.socket, Name: body.Event.GetName(), WantsAck: body.Event.GetWantsAck(),
			Args: body.Event.GetPayload().GetArgs(), Attachments: body.Event.GetPayload().GetAttachments(),
			Attempt: int(w.delivery.GetAttempt()), work: w,
		}
		return w.handler.run(w, &w.event)
	case *hubv1.Delivery_Connected:
		if w.member != nil && !w.att.peer.tell(w.member, true) {
			return errTold
		}
		return h.connected(w, newConnected(w, body.Connected))
	case *hubv1.Delivery_Disconnected:
		if w.member != nil && w.att != nil {
			defer w.att.peer.forget(w.socket.ID(), w.member)
			if !w.att.peer.tell(w.member, false) {
				return errTold
			}
		}
		return h.disconnect(w, newDisconnect(w, body.Disconnected))
	case *hubv1.Delivery_ConnectAttempt:
		return w.decide(body.ConnectAttempt)
	case *hubv1.Delivery_AuthExpiring:
		return w.renew(body.AuthExpiring)
	case *hubv1.Delivery_ServiceCall:
		return w.serve(body.ServiceCall)
	}
	return nil
}

// finish settles by what the handler returned, and logs what went wrong, once.
func (w *work) finish(err error) {
	if errors.Is(err, errTold) {
		w.settle(&hubv1.Settlement{Outcome: settledDone}, 0)
		return
	}
	if hook := w.svc.opts.Trace.Handled; hook != nil {
		hook(w.socket.Namespace(), w.kind(), err)
	}
	if err == nil {
		if !w.settled.Load() { // by its Reply
			w.settle(&hubv1.Settlement{Outcome: settledDone}, 0)
		}
		return
	}
	var rejected *RejectError
	if errors.As(err, &rejected) && w.delivery.GetEvent() != nil {
		if err = reject(w, rejected); err == nil {
			return
		}
	}
	w.fail(err)
}

// fail settles a delivery whose handler failed.
func (w *work) fail(err error) {
	var again *RetryError
	retry := errors.As(err, &again)
	nack := &hubv1.Nack{Status: describe(err), Retry: retry}
	if retry {
		nack.Elsewhere = again.Elsewhere
		if delay := min(max(again.Delay, 0), maxRetryDelay); delay > 0 {
			nack.RetryDelay = durationpb.New(delay)
		}
	}
	var settled error
	if !retry && w.svc.opts.AnswerFailures && w.event.WantsAck {
		settled = w.replyArgs([]any{rejection{Error: rejectionError{Message: failedMessage}}})
	} else {
		settled = w.send(settlementAction(&hubv1.Settlement{DeliverySeq: w.delivery.GetDeliverySeq(), Outcome: &hubv1.Settlement_Nack{Nack: nack}}), 0)
	}
	log := w.svc.log.With("namespace", w.socket.Namespace(), "delivery", w.kind(),
		"socket", w.socket.ID(), "attempt", w.delivery.GetAttempt(), "err", err)
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
		log.Error("handler panicked", "stack", string(panicked.Stack))
	case w.Err() != nil:
		log.Debug("handler of a delivery that was given away")
	case errors.Is(settled, ErrAnswered):
		log.Error("handler failed after its reply")
	case retry:
		log.Warn("handler asks for another try", "delay", nack.GetRetryDelay().AsDuration(), "elsewhere", nack.GetElsewhere())
	default:
		log.Error("handler failed")
	}
}

// settle answers the delivery. It fails without a word when there is nothing left to
// answer: see send.
func (w *work) settle(settlement *hubv1.Settlement, size int) {
	settlement.DeliverySeq = w.delivery.GetDeliverySeq()
	_ = w.send(settlementAction(settlement), size)
}

// send queues the settlement: ErrAnswered when there is one, ErrLeaseLost when the
// right to answer has gone.
func (w *work) send(a *hubv1.Action, size int) error {
	if w.att == nil {
		return nil
	}
	return w.att.settle(w, a, size)
}

// kind is what logs and traces call the delivery.
func (w *work) kind() string {
	switch body := w.delivery.GetBody().(type) {
	case *hubv1.Delivery_Event:
		return body.Event.GetName()
	case *hubv1.Delivery_Connected:
		return "connected"
	case *hubv1.Delivery_Disconnected:
		return "disconnected"
	case *hubv1.Delivery_ConnectAttempt:
		return "connect"
	case *hubv1.Delivery_AuthExpiring:
		return "auth expiring"
	case *hubv1.Delivery_ServiceCall:
		return "call " + body.ServiceCall.GetName()
	}
	if w.task != nil {
		return "notice"
	}
	return "unknown"
}

// settledDone is shared by all settlements that say no more.
var settledDone = &hubv1.Settlement_Done{Done: &hubv1.Done{}}

func (w *work) dedupeID() string { return string(w.delivery.GetDedupeId()) }

// describe tells an error to the hub: for its log, so without details that would make
// it long.
func describe(err error) *hubv1.Status {
	text := err.Error()
	if len(text) > maxStatusBytes {
		text = text[:maxStatusBytes]
	}
	return &hubv1.Status{Code: hubv1.Code_CODE_UNKNOWN, Message: strings.ToValidUTF8(text, "\ufffd")}
}

func settlementAction(s *hubv1.Settlement) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}}
}
