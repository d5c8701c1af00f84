package command

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// callKeeper gathers the answers of one call: each in a result of its own on a stream,
// all of them in the total for a unary call.
type callKeeper struct {
	// Set at construction.
	calls   *Calls
	answers Answers
	each    bool
	ticket  *ticket

	mu          sync.Mutex // guards the fields below; held while results are given, to keep them in order
	invocations []*Invocation
	timer       *time.Timer
	total       hubv1.CallTotal
	bytes       int // of the answers in total, taken from the budget
	open        int // calls without an answer, and start itself
	o           hub.Outcome
	// missing are other hubs that did not answer.
	missing []string
}

// start hands the call to everybody.
func (k *callKeeper) start(r Request, to callTo) {
	message := to.message(r.Caller)
	deadline := time.Now().Add(to.timeout)
	k.invocations = make([]*Invocation, len(to.callees))
	for n, callee := range to.callees {
		k.invocations[n] = &Invocation{
			Call: message, Traceparent: r.Command.GetTraceparent(), Tracestate: r.Command.GetTracestate(),
			Deadline: deadline, keeper: k, callee: callee,
		}
	}
	k.o.Matched = len(to.callees)
	k.total.ExpectedCount = uint32(len(to.callees))
	k.open = len(to.callees) + 1
	if to.everywhere {
		k.open += 2
	}
	k.mu.Lock()
	k.timer = time.AfterFunc(to.timeout, func() { k.calls.within(k.expire) })
	k.mu.Unlock()
	queued := 0
	for n, callee := range to.callees {
		if callee.Deliver(k.invocations[n]) {
			queued++
			continue
		}
		k.calls.trace.Bound(BoundCallees)
		k.invocations[n].Fail(fault.New(fault.CalleeBusy, "the instance has too much to do").After(retrySoon).Status())
	}
	k.mu.Lock()
	k.o.Queued = queued
	k.o.Dropped = k.o.Matched - queued
	k.mu.Unlock()
	if to.everywhere {
		k.elsewhere(r, to)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.close(1)
}

// answered takes the answer of one instance.
func (k *callKeeper) answered(i *Invocation, a *hubv1.CallAnswer) {
	a.Group, a.InstanceId = i.callee.Group(), i.callee.Instance()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keep(a)
	k.close(1)
}

// keep counts and keeps an answer. The caller holds mu.
func (k *callKeeper) keep(a *hubv1.CallAnswer) {
	if a.Status == nil {
		k.total.AnsweredCount++
	} else {
		k.total.FailedCount++
	}
	if !k.take(a) {
		// Who answered is told without the answer.
		k.calls.trace.Bound(BoundAnswers)
		a.Payload = nil
		a.Status = fault.New(fault.AnswerOmitted, "too large, or there is no room for it").Status()
		k.take(a)
	}
}

// take keeps an answer, or reports it. The caller holds mu.
func (k *callKeeper) take(a *hubv1.CallAnswer) bool {
	size := proto.Size(a) + ackKeep
	if k.each {
		return size <= maxOneAnswer &&
			k.answers.Give(&hubv1.Result{More: true, Ack: &hubv1.Result_CallAnswer{CallAnswer: a}})
	}
	if k.bytes+size > maxAckBytes || !k.calls.answers.Take(int64(size)) {
		return false
	}
	k.bytes += size
	k.total.Answers = append(k.total.Answers, a)
	return true
}

// expire ends the waiting.
func (k *callKeeper) expire() {
	var late []func()
	k.mu.Lock()
	expired := 0
	for _, i := range k.invocations {
		open, withdraw := i.expire()
		if !open {
			continue
		}
		expired++
		if withdraw != nil {
			late = append(late, withdraw)
		}
	}
	k.total.TimedOutCount += uint32(expired)
	if expired > 0 {
		k.close(expired)
	}
	k.mu.Unlock()
	for _, withdraw := range late {
		withdraw()
	}
}

// close counts calls that have ended, and gives the total after the last one. The
// caller holds mu.
func (k *callKeeper) close(n int) {
	if k.open -= n; k.open > 0 {
		return
	}
	k.timer.Stop()
	k.invocations = nil
	r := resultOf(k.o, callFault(&k.total))
	r.Ack = &hubv1.Result_CallTotal{CallTotal: &k.total}
	slices.Sort(k.missing)
	r.MissingHubIds = slices.Compact(k.missing)
	k.calls.answers.Give(int64(k.bytes))
	k.ticket.end()
	k.answers.Give(r)
}

// callFault says that not all instances answered.
func callFault(t *hubv1.CallTotal) *fault.Fault {
	switch {
	case t.TimedOutCount > 0:
		return fault.New(fault.CallTimedOut, "not all instances answered in time")
	case t.FailedCount > 0:
		return fault.New(fault.CalleesFailed, "instances nacked the call or were lost")
	}
	return nil
}
