package servicetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// callee is another service. Guarded by Hub.mu.
type callee struct {
	group, instance, namespace string
	answer                     func(name string, args service.Payload) (service.Payload, error)
}

// Callee adds another service to the hub, which the one under test may call: answer is
// called with what it is called with. It must not call the hub.
func (h *Hub) Callee(group, instance, namespace string, answer func(name string, args service.Payload) (service.Payload, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.callees = append(h.callees, &callee{group, instance, namespace, answer})
}

// callLocked lets the service under test call others.
func callLocked(h *Hub, c *hubv1.Call, answer func(*hubv1.Result)) {
	if c.GetNamespace() == "" || c.GetName() == "" {
		answer(&hubv1.Result{Status: invalid("CALL", "call")})
		return
	}
	called := slices.DeleteFunc(slices.Clone(h.callees), func(o *callee) bool {
		return o.namespace != c.GetNamespace() || c.GetGroup() != "" && o.group != c.GetGroup()
	})
	total := &hubv1.CallTotal{ExpectedCount: uint32(len(called))}
	for _, o := range called {
		payload, err := o.answer(c.GetName(), newPayload(c.GetPayload()))
		if c.GetTimeout().AsDuration() <= 0 {
			continue
		}
		reply := &hubv1.CallAnswer{Group: o.group, InstanceId: o.instance, Payload: protoPayload(payload)}
		if err != nil {
			reply.Payload, reply.Status = nil, &hubv1.Status{Code: hubv1.Code_CODE_UNKNOWN, Message: err.Error()}
			total.FailedCount++
		} else {
			total.AnsweredCount++
		}
		answer(&hubv1.Result{More: true, Ack: &hubv1.Result_CallAnswer{CallAnswer: reply}})
	}
	result := &hubv1.Result{MatchedCount: uint32(len(called)), QueuedCount: uint32(len(called))}
	if c.GetTimeout().AsDuration() > 0 {
		result.Ack = &hubv1.Result_CallTotal{CallTotal: total}
	}
	answer(result)
}

// CallOption is an option of Call.
type CallOption func(d *hubv1.Delivery)

// Traceparent is the caller's trace context.
func Traceparent(traceparent string) CallOption {
	return func(d *hubv1.Delivery) { d.Traceparent = traceparent }
}

// ErrNotCalled says that the service has no OnCall in the namespace.
var ErrNotCalled = errors.New("servicetest: nobody is called")

// Call lets another service, called group, call the one under test, and waits for its
// answer. The error is ErrNotCalled, ErrNoReply, a *NackError, or the cause of ctx.
func (h *Hub) Call(ctx context.Context, group, namespace, name string, args []any, options ...CallOption) (service.Payload, error) {
	payload, err := service.NewPayload(args...)
	if err != nil {
		return service.Payload{}, err
	}
	var settlement *hubv1.Settlement
	done := false
	h.mu.Lock()
	sub := h.subscriptions.of(namespace, hubv1.Kind_KIND_SERVICE_CALL)
	if sub == nil {
		h.mu.Unlock()
		return service.Payload{}, ErrNotCalled
	}
	call := &hubv1.ServiceCall{
		Group: group, Namespace: namespace, Name: name, Payload: protoPayload(payload),
		WantsAnswer: true, Timeout: durationpb.New(10 * time.Second),
	}
	d := h.ledger.newDelivery(nil, sub, &hubv1.Delivery{Body: &hubv1.Delivery_ServiceCall{ServiceCall: call}})
	d.aside, d.atLeastOnce = true, false
	d.settled = func(s *hubv1.Settlement) { settlement, done = s, true }
	for _, option := range options {
		option(d.body)
	}
	h.ledger.queueLocked(d)
	h.mu.Unlock()
	if err := h.until(ctx, func() bool { return done }); err != nil {
		return service.Payload{}, err
	}
	return answered(settlement)
}

// answered is what a browser, or a caller, gets of a settlement.
func answered(s *hubv1.Settlement) (service.Payload, error) {
	switch {
	case s.GetReply() != nil:
		return newPayload(s.GetReply().GetPayload()), nil
	case s.GetNack() != nil:
		return service.Payload{}, &NackError{Message: s.GetNack().GetStatus().GetMessage()}
	}
	return service.Payload{}, ErrNoReply
}
