package service

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// work is one delivery on its way through its handler. It is the handler's
// context too, so that a delivery costs one allocation: that of its stream, with
// itself as a value.
type work struct {
	context.Context
	stream    *stream
	delivery  *hubv1.Delivery
	namespace *Namespace
	handler   *handler // of an event
	socket    *Socket  // by itself, because it may be kept: without the delivery
	event     Event

	settled bool // guarded by stream.out.mu
}

type workKey struct{}

// Value is context.Context.
func (w *work) Value(key any) any {
	if key == (workKey{}) {
		return w
	}
	return w.Context.Value(key)
}

// workOf returns the delivery of a handler's context, nil for any other.
func workOf(ctx context.Context) *work {
	w, _ := ctx.Value(workKey{}).(*work)
	return w
}

// identify finds the handler. It reports whether anybody is interested, and
// whether this service should have got the delivery at all.
func (w *work) identify() (interested, known bool) {
	if w.namespace == nil {
		return false, false
	}
	switch body := w.delivery.GetBody().(type) {
	case *hubv1.Delivery_ConnectAttempt:
		return w.namespace.connect != nil, w.namespace.connect != nil
	case *hubv1.Delivery_Connected:
		return w.namespace.connected != nil, true
	case *hubv1.Delivery_Disconnected:
		return w.namespace.disconnect != nil, true
	case *hubv1.Delivery_Event:
		w.handler = w.namespace.find(body.Event.GetName())
		return w.handler != nil, w.handler != nil
	}
	return false, false
}

// refuse answers a delivery that nobody here knows: of a kind of tomorrow, or of
// another version of the service.
func (w *work) refuse() {
	w.stream.svc.log.Warn("delivery without a handler", "namespace", w.socket.Namespace(), "delivery", w.kind())
	status := &hubv1.Status{Code: hubv1.Code_CODE_UNIMPLEMENTED, Message: "no handler"}
	w.stream.settle(w, &hubv1.Settlement{Outcome: &hubv1.Settlement_Nack{Nack: &hubv1.Nack{Status: status}}}, 0)
}

func (w *work) concurrent() bool {
	if w.delivery.GetEvent() == nil {
		return false
	}
	return w.handler.concurrent || w.namespace.concurrent
}

// last reports whether everything else of the socket has to be over before.
func (w *work) last() bool { return w.delivery.GetDisconnected() != nil }

// run calls the handler and settles the delivery. What has become somebody
// else's meanwhile is not begun.
func (w *work) run() {
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

var errGoexit = errors.New("service: the handler ended its goroutine")

// call calls the handler. A connect attempt is settled here, because it is the
// one whose result is a value.
func (w *work) call() error {
	switch body := w.delivery.GetBody().(type) {
	case *hubv1.Delivery_Event:
		w.event = Event{
			Socket: w.socket, Name: body.Event.GetName(), WantsAck: body.Event.GetWantsAck(),
			Args: body.Event.GetPayload().GetArgs(), Attachments: body.Event.GetPayload().GetAttachments(),
			Attempt: int(w.delivery.GetAttempt()), work: w,
		}
		return w.handler.run(w, &w.event)
	case *hubv1.Delivery_Connected:
		return w.namespace.connected(w, w.connected(body.Connected))
	case *hubv1.Delivery_Disconnected:
		return w.namespace.disconnect(w, w.disconnected(body.Disconnected))
	case *hubv1.Delivery_ConnectAttempt:
		return w.decide(body.ConnectAttempt)
	}
	return nil
}

// finish settles by what the handler returned, and logs what went wrong, once.
func (w *work) finish(err error) {
	svc := w.stream.svc
	if hook := svc.opts.Trace.Handled; hook != nil {
		hook(w.socket.Namespace(), w.kind(), err)
	}
	if err == nil {
		if w.stream.out.settled(w) {
			return // by its Reply
		}
		w.stream.settle(w, &hubv1.Settlement{Outcome: settledDone}, 0)
		return
	}
	var again *RetryError
	retry := errors.As(err, &again)
	var delay time.Duration
	if retry {
		delay = min(max(again.Delay, 0), maxRetryDelay)
	}
	settled := w.stream.send(w, nackAction(w.delivery.GetDeliverySeq(), err, retry, delay), 0)
	log := svc.log.With("namespace", w.socket.Namespace(), "delivery", w.kind(),
		"socket", w.socket.ID(), "attempt", w.delivery.GetAttempt(), "err", err)
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
		log.Error("handler panicked", "stack", string(panicked.Stack))
	case errors.Is(settled, ErrLeaseLost):
		log.Info("handler failed, and another try is on its way")
	case settled != nil:
		log.Error("handler failed after its reply")
	case retry:
		log.Warn("handler asks for another try", "delay", delay)
	default:
		log.Error("handler failed")
	}
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
	}
	return "unknown"
}

// reply settles an event with the browser's acknowledgement.
func (w *work) reply(args []any) error {
	p, err := encodeArgs(args)
	if err != nil || !w.event.WantsAck {
		return err
	}
	size := p.size()
	if err := w.stream.fits(size); err != nil {
		return err
	}
	a := &answer{}
	a.payload.Args, a.payload.Attachments = p.Args, p.Attachments
	a.reply.Payload = &a.payload
	a.outcome.Reply = &a.reply
	a.settlement.DeliverySeq, a.settlement.Outcome = w.delivery.GetDeliverySeq(), &a.outcome
	a.kind.Settlement = &a.settlement
	a.action.Kind = &a.kind
	return w.stream.send(w, &a.action, size)
}

// answer is a reply as it is queued: all messages of it in one allocation.
type answer struct {
	action     hubv1.Action
	kind       hubv1.Action_Settlement
	settlement hubv1.Settlement
	outcome    hubv1.Settlement_Reply
	reply      hubv1.Reply
	payload    hubv1.Payload
}

// settledDone is shared by all settlements that say no more.
var settledDone = &hubv1.Settlement_Done{Done: &hubv1.Done{}}

func (w *work) dedupeID() string { return string(w.delivery.GetDedupeId()) }

func (w *work) receiveTime() time.Time { return w.delivery.GetEvent().GetReceiveTime().AsTime() }

// nackAction describes an error to the hub: for its log, so without details that
// would make it long.
func nackAction(seq uint64, err error, retry bool, delay time.Duration) *hubv1.Action {
	text := err.Error()
	if len(text) > maxStatusBytes {
		text = text[:maxStatusBytes]
	}
	nack := &hubv1.Nack{
		Status: &hubv1.Status{Code: hubv1.Code_CODE_UNKNOWN, Message: strings.ToValidUTF8(text, "\ufffd")},
		Retry:  retry,
	}
	if delay > 0 {
		nack.RetryDelay = durationpb.New(delay)
	}
	return settlementAction(&hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Nack{Nack: nack}})
}

func settlementAction(s *hubv1.Settlement) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}}
}

func (w *work) String() string { return fmt.Sprintf("delivery %d", w.delivery.GetDeliverySeq()) }
