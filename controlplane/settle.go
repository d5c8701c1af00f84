package controlplane

import (
	"errors"
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/hub"
)

// settling is one settlement that is being carried out. Between Begin and Finish
// the delivery belongs to it: should the stream be lost or fenced meanwhile, in
// another goroutine, the delivery is not given to anybody else. So the commands run
// exactly if the settlement counts.
type settling struct {
	*hubv1.Settlement
	st    *stream
	d     *dispatch.Delivery
	batch *hub.Batch
	ended bool // Finish, Retry or Abandon was called
}

// settle carries out a settlement. Only a failure is answered.
func (st *stream) settle(s *hubv1.Settlement, batch *hub.Batch) {
	d, err := st.attachment.Begin(s.GetDeliverySeq())
	if err != nil {
		st.refuseSettlement(s, fault.Of(err, ""))
		return
	}
	x := settling{Settlement: s, st: st, d: d, batch: batch}
	// After a panic the delivery is not settled: whoever comes next gets it again.
	defer x.release()
	outcome, f := x.check()
	switch {
	case f != nil:
		x.abandon(f)
	case d.Kind == dispatch.Connect:
		x.decide()
	default:
		x.conclude(outcome)
	}
}

// check says whether the outcome fits the delivery, before anything is done.
func (x *settling) check() (Outcome, *fault.Fault) {
	attempt := x.d.Kind == dispatch.Connect
	switch o := x.GetOutcome().(type) {
	case *hubv1.Settlement_Done:
		if !attempt {
			return OutcomeDone, x.checkCommands()
		}
	case *hubv1.Settlement_Reply:
		if e, ok := x.d.Body.(*hub.Event); ok {
			return OutcomeReply, checkReply(e, o.Reply, x.checkCommands())
		}
	case *hubv1.Settlement_Accept:
		if attempt {
			return OutcomeAccept, x.checkCommands()
		}
	case *hubv1.Settlement_Deny:
		if c, ok := x.d.Body.(*connect); ok {
			return OutcomeDeny, c.checkDeny(o.Deny, x.checkCommands())
		}
	case *hubv1.Settlement_Nack:
		if d := o.Nack.GetRetryDelay(); d != nil && (d.CheckValid() != nil || d.AsDuration() < 0 || d.AsDuration() > ledger.MaxRetryDelay) {
			return "", fault.At(fault.BadDuration, "nack.retry_delay", "a delay is at most 30 s and not negative")
		}
		return OutcomeNack, x.checkCommands()
	default:
		return "", faultNoOutcome
	}
	return "", faultMisfit
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

// run carries out the settlement's commands.
func (x *settling) run() {
	for _, c := range x.Commands {
		x.st.carryOut(c, x.batch)
	}
}

// release gives a delivery back whose settlement came to no end.
func (x *settling) release() {
	if !x.ended {
		x.st.attachment.Abandon(x.d)
	}
}

// finish settles the delivery for good.
func (x *settling) finish(outcome Outcome) {
	x.ended = true
	took := x.st.attachment.Finish(x.d)
	x.st.srv.trace.settled(x.st.group.name, subjectOf(x.d).namespace, kindNames[x.d.Kind], outcome, took)
}

// abandon leaves the delivery unsettled, and answers why.
func (x *settling) abandon(f *fault.Fault) {
	x.ended = true
	x.st.attachment.Abandon(x.d)
	x.st.refuseSettlement(x.Settlement, f)
}

// checkReply looks at a reply before the settlement's commands are carried out: a
// settlement is refused as a whole.
func checkReply(e *hub.Event, r *hubv1.Reply, before *fault.Fault) *fault.Fault {
	if before != nil || !e.WantsAck {
		return before
	}
	if _, err := e.Prepare(r.GetPayload().GetArgs(), r.GetPayload().GetAttachments()); err != nil {
		return fault.Of(err, "reply")
	}
	return nil
}

// conclude settles lifecycle and events.
func (x *settling) conclude(outcome Outcome) {
	x.run()
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Nack:
		x.nack(o.Nack)
		return
	case *hubv1.Settlement_Reply:
		p := o.Reply.GetPayload()
		err := x.d.Body.(*hub.Event).Reply(x.batch, p.GetArgs(), p.GetAttachments())
		// Who has gone, or never asked, misses nothing.
		if err != nil && !isHarmless(err) {
			x.abandon(fault.Of(err, "reply"))
			return
		}
	}
	x.finish(outcome)
}

// isHarmless reports whether a reply failed only because nobody waits for it.
func isHarmless(err error) bool {
	return errors.Is(err, hub.ErrGone) || errors.Is(err, hub.ErrNoAckWanted) ||
		errors.Is(err, hub.ErrAnswered) || errors.Is(err, hub.ErrShutdown)
}

// nack gives a delivery up, or asks for another try. It reports whether there will
// be one.
func (x *settling) nack(n *hubv1.Nack) (again bool) {
	st, kind := x.st, kindNames[x.d.Kind]
	st.srv.log.Debug("delivery nacked", "group", st.group.name, "instance", st.instance, "kind", string(kind),
		"code", n.GetStatus().GetCode().String(), "retry", n.GetRetry())
	if !n.GetRetry() {
		x.finish(OutcomeNack)
		st.group.Dropped(x.d, dispatch.Nacked)
		return false
	}
	x.ended = true
	again = st.attachment.Retry(x.d, n.GetRetryDelay().AsDuration())
	outcome := OutcomeNack
	if again {
		outcome = OutcomeRetry
	}
	st.srv.trace.settled(st.group.name, subjectOf(x.d).namespace, kind, outcome, 0)
	return again
}

// refuseSettlement answers a settlement that failed.
func (st *stream) refuseSettlement(s *hubv1.Settlement, f *fault.Fault) {
	st.srv.trace.settlementFailed(st.group.name, f.CodeName())
	st.out.push(resultItem(&hubv1.Result{DeliverySeq: s.GetDeliverySeq(), Status: f.Status()}), false)
}

// resultItem wraps a result.
func resultItem(r *hubv1.Result) *hubv1.Item { return &hubv1.Item{Kind: &hubv1.Item_Result{Result: r}} }
