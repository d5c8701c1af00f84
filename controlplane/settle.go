package controlplane

import (
	"errors"
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// settling is one settlement that is being carried out. Between Begin and Finish
// the delivery belongs to it: should the stream be lost or fenced meanwhile, in
// another goroutine, the delivery is not given to anybody else. So the commands run
// exactly if the settlement counts.
type settling struct {
	*hubv1.Settlement
	a     *attachment
	lease *dispatch.Attachment
	d     *dispatch.Delivery
	batch *hub.Batch
	ended bool // Finish, Retry, Elsewhere or Abandon was called
}

// effect is what a settlement does beside its commands: it was checked, and cannot fail
// for its content any more. An error is that of a browser that has gone.
type effect struct {
	outcome trace.Outcome
	// reply is sent to the browser if replies is set: without a closure, as this is what
	// most settlements do.
	reply   hub.Reply
	replies bool
	// do may be nil.
	do func(b *hub.Batch) error
	// ownCommands says that do carries the commands out itself.
	ownCommands bool
}

// settle carries out a settlement. Only a failure is answered. One that is refused for
// what it says ends its delivery as a permanent nack does.
func (in *inbound) settle(s *hubv1.Settlement, batch *hub.Batch) {
	x, f := in.a.beginSettling(s, batch)
	if f != nil {
		in.a.refuseSettlement(s, f)
		return
	}
	in.answered++
	// After a panic the delivery is not settled: whoever comes next gets it again.
	defer x.release()
	if nack := s.GetNack(); nack != nil {
		if f := x.checkNack(nack); f != nil {
			x.refuse(f)
			return
		}
		x.run()
		x.nack(nack)
		return
	}
	e, f := x.prepare()
	if f != nil {
		x.refuse(f)
		return
	}
	x.conclude(e)
}

func (in *inbound) beginSettling(s *hubv1.Settlement, batch *hub.Batch) (settling, *fault.Fault) {
	lease := in.a.lease.Load()
	d, err := lease.Begin(s.GetDeliverySeq())
	if errors.Is(err, dispatch.ErrRevoked) && in.a.srv.connects.left.Has(s.GetDeliverySeq()) {
		err = hub.ErrGone
	}
	if err != nil {
		return settling{}, fault.Of(err, "")
	}
	return settling{Settlement: s, a: in.a, lease: lease, d: d, batch: batch}, nil
}

// prepare says what the outcome does, before anything is done.
func (x *settling) prepare() (effect, *fault.Fault) {
	if x.GetOutcome() == nil {
		return effect{}, faultNoOutcome
	}
	if f := x.checkCommands(); f != nil {
		return effect{}, f
	}
	switch body := x.d.Body.(type) {
	case *hub.Event:
		return x.prepareEvent(body)
	case *introduction, *departure:
		if x.GetDone() != nil {
			return effect{outcome: trace.OutcomeDone}, nil
		}
	case *try:
		return x.prepareDecision(body)
	case *renewal:
		return x.prepareRenewal(body)
	case *callDelivery:
		return x.prepareAnswer(body)
	}
	return effect{}, faultMisfit
}

// prepareEvent settles what a browser has emitted.
func (x *settling) prepareEvent(e *hub.Event) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Done:
		if !o.Done.GetAckLater() || !e.WantsAck {
			return effect{outcome: trace.OutcomeDone}, nil
		}
		acks := x.a.srv.commands.OpenAcks()
		open := command.OpenAck{
			ID: x.a.srv.dedupeID(x.d.Identity()), Socket: e.Socket.ID(), Group: x.a.group.name, Event: e, Bytes: x.d.Bytes,
		}
		return effect{outcome: trace.OutcomeDone, do: func(*hub.Batch) error {
			acks.Keep(open)
			if !e.Socket.Connected() {
				// It may have left before it was kept: then nobody else takes it out.
				acks.EndSocket(open.Socket)
			}
			return nil
		}}, nil
	case *hubv1.Settlement_Reply:
		p := o.Reply.GetPayload()
		reply, err := e.Prepare(p.GetArgs(), p.GetAttachments())
		switch {
		case errors.Is(err, hub.ErrNoAckWanted):
			return effect{outcome: trace.OutcomeReply}, nil
		case err != nil:
			return effect{}, fault.Of(err, "reply")
		}
		return effect{outcome: trace.OutcomeReply, reply: reply, replies: true}, nil
	}
	return effect{}, faultMisfit
}

// checkCommands refuses a settlement whose commands name another delivery.
func (x *settling) checkCommands() *fault.Fault {
	for i, c := range x.Commands {
		if seq := c.GetDeliverySeq(); seq != 0 && seq != x.DeliverySeq {
			return fault.At(fault.OtherDelivery, fmt.Sprintf("commands[%d].delivery_seq", i),
				"commands of a settlement belong to its delivery")
		}
	}
	return nil
}

func (x *settling) checkNack(n *hubv1.Nack) *fault.Fault {
	if d := n.GetRetryDelay(); d != nil && (d.CheckValid() != nil || d.AsDuration() < 0 || d.AsDuration() > ledger.MaxRetryDelay) {
		return fault.At(fault.BadDuration, "nack.retry_delay", "a delay is at most 30 s and not negative")
	}
	return x.checkCommands()
}

// run carries out the settlement's commands.
func (x *settling) run() {
	own := ""
	if so := socketOf(x.d); so != nil {
		own = so.hub.ID()
	}
	for _, c := range x.Commands {
		x.a.carryOut(c, x.batch, own)
	}
}

// conclude settles the delivery for good.
func (x *settling) conclude(e effect) {
	if !e.ownCommands {
		x.run()
	}
	var err error
	switch {
	case e.do != nil:
		err = e.do(x.batch)
	case e.replies:
		err = e.reply.Send(x.batch)
	}
	switch {
	case err == nil:
		x.finish(e.outcome)
	case e.outcome == trace.OutcomeReply && isHarmless(err):
		x.finish(e.outcome) // who has gone, or was answered, misses nothing
	default:
		x.ended = true
		x.lease.Finish(x.d)
		x.a.refuseSettlement(x.Settlement, fault.Of(err, string(e.outcome)))
	}
}

// isHarmless reports whether a reply failed only because nobody waits for it.
func isHarmless(err error) bool {
	return errors.Is(err, hub.ErrGone) || errors.Is(err, hub.ErrNoAckWanted) ||
		errors.Is(err, hub.ErrAnswered) || errors.Is(err, hub.ErrShutdown)
}

// release gives a delivery back whose settlement came to no end.
func (x *settling) release() {
	if !x.ended {
		x.lease.Abandon(x.d)
	}
}

// finish settles the delivery for good.
func (x *settling) finish(outcome trace.Outcome) {
	x.ended = true
	took := x.lease.Finish(x.d)
	x.a.srv.trace.Settled(x.a.group.name, namespaceOf(x.d), kindNames[x.d.Kind], outcome, took)
}

// refuse ends the delivery as a permanent nack does, and answers why.
func (x *settling) refuse(f *fault.Fault) {
	x.giveUp()
	x.a.refuseSettlement(x.Settlement, f)
}

// giveUp drops the delivery as a permanent nack does: what it was for hears of it.
func (x *settling) giveUp() {
	x.finish(trace.OutcomeNack)
	if u, ok := x.d.Body.(undeliverable); ok {
		u.undelivered(x.a, x.GetNack().GetStatus())
		return
	}
	x.a.group.Dropped(x.d, dispatch.Nacked)
}

// undeliverable is the body of a delivery that somebody waits for.
type undeliverable interface {
	// undelivered says that an instance gave the delivery up, with its own status, which
	// may be nil.
	undelivered(by *attachment, s *hubv1.Status)
}

// nack gives a delivery up, or asks for another try.
func (x *settling) nack(n *hubv1.Nack) {
	a, kind := x.a, kindNames[x.d.Kind]
	a.debugNack(x.d, n)
	if !n.GetRetry() {
		x.giveUp()
		return
	}
	x.ended = true
	var again bool
	if n.GetElsewhere() {
		again = x.lease.Elsewhere(x.d)
	} else {
		again = x.lease.Retry(x.d, n.GetRetryDelay().AsDuration())
	}
	outcome := trace.OutcomeRetry
	if !again {
		outcome = trace.OutcomeNack
		if u, ok := x.d.Body.(undeliverable); ok {
			u.undelivered(a, n.GetStatus())
		}
	}
	a.srv.trace.Settled(a.group.name, namespaceOf(x.d), kind, outcome, 0)
}

// refuseSettlement answers a settlement that failed, and each of its commands: none was
// carried out.
func (in *inbound) refuseSettlement(s *hubv1.Settlement, f *fault.Fault) {
	in.a.faults.Add(1)
	in.a.srv.trace.SettlementFailed(in.a.group.name, f.CodeName())
	in.a.out.Push(contract.ResultItem(&hubv1.Result{DeliverySeq: s.GetDeliverySeq(), Status: f.Status()}), false)
	for _, c := range s.GetCommands() {
		in.a.answer(c, in.a.srv.commands.Refuse(c, faultSettlementRefused), false)
	}
}
