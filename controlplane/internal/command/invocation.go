package command

import (
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// Invocation is one call on its way to one instance. Answer, Fail and Lost end it; the
// first one counts, and after the caller's time is over none does. Its methods are safe
// for concurrent use.
type Invocation struct {
	// Call is what the instance gets. It is shared, and must not be changed.
	Call *hubv1.ServiceCall
	// Traceparent and Tracestate are the caller's trace context. They may be empty.
	Traceparent, Tracestate string
	// Deadline is when the caller stops waiting. Zero when it does not wait.
	Deadline time.Time

	// Set at construction; nil when nobody waits.
	keeper *callKeeper
	callee Callee

	mu       sync.Mutex // guards the fields below; a leaf
	ended    bool
	withdraw func() // nil: nothing to do
}

// Bytes is what the call takes in a window, its payload above all.
func (i *Invocation) Bytes() int { return payloadSize(i.Call.GetPayload()) + len(i.Call.GetName()) }

// Answer ends the call with what the instance replied. Nil means that it settled
// without a reply.
func (i *Invocation) Answer(p *hubv1.Payload) {
	if i.end() {
		i.keeper.answered(i, &hubv1.CallAnswer{Payload: p})
	}
}

// Fail ends the call with a nack's status. Nil is a nack without one.
func (i *Invocation) Fail(s *hubv1.Status) {
	if s.GetCode() == hubv1.Code_CODE_UNSPECIFIED {
		s = fault.New(fault.Nacked, "nacked").Status()
	}
	if i.end() {
		i.keeper.answered(i, &hubv1.CallAnswer{Status: s})
	}
}

// Lost ends the call: the instance went away with it.
func (i *Invocation) Lost() {
	i.Fail(fault.New(fault.InstanceLost, "the instance was lost before it answered").Status())
}

// OnWithdraw says what to do when the time is over before the instance has answered: to
// take the delivery back. It is called at most once, at once if the time is over
// already, without a lock held, and must not block.
func (i *Invocation) OnWithdraw(withdraw func()) {
	i.mu.Lock()
	over := i.ended
	if !over {
		i.withdraw = withdraw
	}
	i.mu.Unlock()
	if over {
		withdraw()
	}
}

// end reports whether the call was open and somebody waits for it.
func (i *Invocation) end() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended {
		return false
	}
	i.ended, i.withdraw = true, nil
	return i.keeper != nil
}

// expire ends the call because the time is over, and returns what is to be done then.
func (i *Invocation) expire() (open bool, withdraw func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended {
		return false, nil
	}
	withdraw = i.withdraw
	i.ended, i.withdraw = true, nil
	return true, withdraw
}
