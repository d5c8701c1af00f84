package controlplane

import (
	"errors"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// decide settles a connect attempt.
func (x *settling) decide() {
	c := x.d.Body.(*connect)
	var outcome Outcome
	var err error
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Accept:
		outcome, err = OutcomeAccept, x.accept(c, o.Accept)
	case *hubv1.Settlement_Deny:
		outcome, err = OutcomeDeny, x.deny(c, o.Deny)
	case *hubv1.Settlement_Nack:
		x.nackConnect(c, o.Nack)
		return
	}
	var argument *hub.ArgumentError
	var limit *hub.LimitError
	switch {
	case err == nil:
		c.close()
		x.debugDecision(outcome)
		x.finish(outcome)
	case errors.As(err, &argument), errors.As(err, &limit):
		x.abandon(fault.Of(err, string(outcome)))
	default:
		c.close()
		x.ended = true
		x.st.attachment.Finish(x.d)
		x.st.refuseSettlement(x.Settlement, fault.Of(err, string(outcome)))
	}
}

// accept lets the browser in. The commands run between CONNECT and Connected.
func (x *settling) accept(c *connect, a *hubv1.Accept) error {
	acceptance := hub.Acceptance{User: a.GetUser(), Rooms: a.GetRooms(), Data: a.GetData()}
	if commands := x.Commands; len(commands) > 0 {
		st := x.st
		// It may run later, on the goroutine that holds the browser's turn.
		acceptance.Then = func(_ *hub.Socket, batch *hub.Batch) {
			for _, cmd := range commands {
				st.carryOut(cmd, batch)
			}
		}
	}
	return c.attempt.Accept(acceptance)
}

// checkDeny looks at a refusal before the settlement's commands are carried out: a
// settlement is refused as a whole.
func (c *connect) checkDeny(deny *hubv1.Deny, before *fault.Fault) *fault.Fault {
	if before != nil {
		return before
	}
	if _, err := c.attempt.PrepareDeny(deny.GetMessage(), deny.GetData()); err != nil {
		return fault.Of(err, string(OutcomeDeny))
	}
	return nil
}

// deny refuses the browser.
func (x *settling) deny(c *connect, deny *hubv1.Deny) error {
	x.run()
	message := deny.GetMessage()
	if message == "" {
		message = "Unauthorized"
	}
	return c.attempt.Deny(message, deny.GetData())
}

// nackConnect leaves the attempt undecided, now or after other tries.
func (x *settling) nackConnect(c *connect, n *hubv1.Nack) {
	x.run()
	if n.GetRetry() {
		// Until the next try begins, only the whole attempt's time runs.
		c.timer.Reset(max(time.Until(c.deadline), 0))
	}
	if !x.nack(n) {
		c.undecided(UndecidedNacked)
	}
}
