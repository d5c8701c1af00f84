package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Callees implements command.Services: the attached instances that take calls in a
// namespace, but for the caller's own.
func (r *roster) Callees(groupName, namespace string, from *command.Caller) []command.Callee {
	var callees []command.Callee
	r.each(func(g *group) {
		if groupName != "" && g.name != groupName {
			return
		}
		for _, a := range r.present(g) {
			own := from.Stream && from.Group == g.name && from.Instance == a.instance
			if !own && a.current() != nil && a.interests.Load().In(namespace).Wants(hubv1.Kind_KIND_SERVICE_CALL) {
				callees = append(callees, callee{a})
			}
		}
	})
	return callees
}

// callee is an instance that takes calls.
type callee struct{ a *attachment }

// Group implements command.Callee.
func (c callee) Group() string { return c.a.group.name }

// Instance implements command.Callee.
func (c callee) Instance() string { return c.a.instance }

// Deliver implements command.Callee.
func (c callee) Deliver(i *command.Invocation) bool {
	d := &callDelivery{srv: c.a.srv, invocation: i, interest: c.a.interests.Load().In(i.Call.GetNamespace())}
	lane := c.a.group.NewSolo(d, dispatch.Share{Kind: dispatch.ServiceCall, Of: d.interest.Pattern(hubv1.Kind_KIND_SERVICE_CALL)})
	lane.Pin(c.a.instance)
	delivery := &dispatch.Delivery{Kind: dispatch.ServiceCall, Body: d, Bytes: i.Bytes()}
	if !lane.Push(delivery) {
		return false
	}
	i.OnWithdraw(func() { lane.Cancel(delivery, dispatch.ReasonCancelled) })
	return true
}

// callDelivery is the body of a ServiceCall.
type callDelivery struct {
	srv        *Server
	invocation *command.Invocation
	interest   *subscription.Interest
}

// Ended implements dispatch.SoloOwner: the instance was lost with the call. A lock of
// the dispatcher is held, so that the caller is told a moment later.
func (d *callDelivery) Ended(*dispatch.Delivery, dispatch.Drop) {
	go d.srv.within(d.invocation.Lost)
}

// undelivered implements undeliverable.
func (d *callDelivery) undelivered(_ *attachment, s *hubv1.Status) { d.invocation.Fail(s) }

// prepareAnswer settles a call.
func (x *settling) prepareAnswer(d *callDelivery) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Done:
		return effect{outcome: trace.OutcomeDone, do: func(*hub.Batch) error {
			d.invocation.Answer(nil)
			return nil
		}}, nil
	case *hubv1.Settlement_Reply:
		p := o.Reply.GetPayload()
		if f := x.a.srv.commands.Calls().CheckAnswer(p); f != nil {
			return effect{}, f.Under("reply")
		}
		return effect{outcome: trace.OutcomeReply, do: func(*hub.Batch) error {
			d.invocation.Answer(p)
			return nil
		}}, nil
	}
	return effect{}, faultMisfit
}
