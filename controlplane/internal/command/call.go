package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
)

// Calls hands calls to the instances of services, and gathers what they answer: those of callers here (tell, ask), of
// other hubs (here) and of Node servers (ServerSide). Its methods are safe for concurrent use.
type Calls struct {
	// Set by New.
	trace     Trace
	services  Services
	elsewhere Elsewhere
	within    func(func())
	// open are the calls that wait for answers, and answers bounds what these take meanwhile.
	open    *openCalls
	answers *park.Budget

	// Set by Bind, before there is traffic.
	hub *hub.Hub
}

// newCalls bounds in bytes what waits to be answered.
func newCalls(config *Config, bytes int64, answers *park.Budget) Calls {
	return Calls{
		trace: config.Trace, services: config.Services, elsewhere: config.Elsewhere, within: config.Within,
		open: newOpenCalls(bytes), answers: answers,
	}
}

// prepare checks a call and finds whom it goes to.
func (c *Calls) prepare(r Request, op *hubv1.Call) (callTo, *fault.Fault) {
	to := callTo{Call: op, timeout: op.GetTimeout().AsDuration(), bytes: payloadSize(op.GetPayload())}
	if f := checkCall(op); f != nil {
		return to, f.Under("call")
	}
	if err := c.hub.CheckPayload(op.GetPayload().GetArgs(), op.GetPayload().GetAttachments()); err != nil {
		return to, fault.Of(err, "call")
	}
	if c.services != nil {
		to.callees = c.services.Callees(op.GetGroup(), op.GetNamespace(), r.Caller)
	}
	return to, nil
}

// CheckAnswer says what is wrong with a payload that a service wants to answer a call
// with.
func (c *Calls) CheckAnswer(p *hubv1.Payload) *fault.Fault {
	return fault.Of(c.hub.CheckPayload(p.GetArgs(), p.GetAttachments()), "")
}

// tell calls without waiting for answers.
func (c *Calls) tell(r Request, op *hubv1.Call) *hubv1.Result {
	to, f := c.prepare(r, op)
	if f != nil {
		return failed(f)
	}
	o := c.hand(r, to)
	if !alone(c.hub) {
		o.MissingHubs = c.hub.Cluster().Signal(to.signalOf(r))
		c.toForeign(to)
	}
	return resultOf(o, nil)
}

// ask calls everywhere, and answers with what the callees say.
func (c *Calls) ask(r Request, op *hubv1.Call, answers Answers) {
	to, f := c.prepare(r, op)
	if f != nil {
		answers.Give(failed(f))
		return
	}
	to.everywhere = !alone(c.hub)
	c.wait(r, to, answers)
}

// hand gives a call to everybody here, and waits for nobody.
func (c *Calls) hand(r Request, to callTo) hub.Outcome {
	message := to.message(r.Caller)
	o := hub.Outcome{Matched: len(to.callees)}
	for _, callee := range to.callees {
		i := &Invocation{Call: message, Traceparent: r.Command.GetTraceparent(), Tracestate: r.Command.GetTracestate()}
		if callee.Deliver(i) {
			o.Queued++
		} else {
			o.Dropped++
			c.trace.Bound(BoundCallees)
		}
	}
	return o
}

// toForeign tells Node servers of a call that is for everybody.
func (c *Calls) toForeign(to callTo) {
	if to.GetGroup() == "" {
		c.hub.Cluster().ServerSideEmit(to.GetNamespace(), to.foreign())
	}
}

// wait calls, and answers with what the callees say.
func (c *Calls) wait(r Request, to callTo, answers Answers) {
	ticket, f := c.open.begin(r.Caller, to.bytes+len(to.callees)*ackKeep)
	if f != nil {
		c.trace.Bound(BoundCalls)
		answers.Give(failed(f))
		return
	}
	k := &callKeeper{calls: c, answers: answers, each: r.Caller.Stream, ticket: ticket}
	k.start(r, to)
}
