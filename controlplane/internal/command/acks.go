package command

import (
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
)

const (
	// maxWait is the longest time that answers may be waited for.
	maxWait = 5 * time.Minute
	// maxAckBytes is how much of them one result carries.
	maxAckBytes = 1 << 20
	// ackKeep is what an answer counts beside its payload.
	ackKeep = 64
	// maxOneAnswer is how large one reported by itself may be: it fits every envelope, of
	// which the least is 1 MiB.
	maxOneAnswer = 1<<20 - 4<<10
)

// emitWithAck emits, and answers with browsers' acknowledgements.
func (x *Executor) emitWithAck(r Request, e *hubv1.Emit, answers Answers) {
	timeout, each, f := checkAck(e.GetAck())
	if f != nil {
		answers.Give(failed(f))
		return
	}
	k := &ackKeeper{trace: x.trace, budget: x.acks, each: each, answers: answers}
	outcome, err := x.hub.EmitWithAck(r.Batch, targetOf(e.GetTarget()), messageOf(e), optionsOf(e), hub.AckOptions{
		Timeout: timeout, OnAck: k.onAck, OnDone: k.onDone,
	})
	if err != nil {
		answers.Give(resultOf(outcome, fault.Of(err, "emit")))
		return
	}
	x.emitted(r, e, outcome)
	k.onQueued(outcome)
}

// checkAck reads how acknowledgements are asked for.
func checkAck(a *hubv1.AckRequest) (timeout time.Duration, each bool, f *fault.Fault) {
	switch a.GetMode() {
	case hubv1.AckMode_ACK_MODE_UNSPECIFIED, hubv1.AckMode_ACK_MODE_TOTAL:
	case hubv1.AckMode_ACK_MODE_EACH:
		each = true
	default:
		return 0, false, fault.At(fault.UnknownField, "emit.ack.mode", "the hub does not know this mode")
	}
	timeout = a.GetTimeout().AsDuration()
	if a.GetTimeout().CheckValid() != nil || timeout <= 0 || timeout > maxWait {
		return 0, false, fault.At(fault.BadTimeout, "emit.ack.timeout", "is more than 0 and at most 5 minutes")
	}
	return timeout, each, nil
}

// ackKeeper gathers the acknowledgements of one emit. The hub calls onAck and then
// onDone, one call at a time; onQueued comes beside them, for the end may be there
// before the emit has returned. The last of onDone and onQueued gives the total.
type ackKeeper struct {
	// Set at construction.
	trace   Trace
	budget  *park.Budget
	each    bool
	answers Answers

	mu      sync.Mutex // guards the fields below; held while results are given, to keep them in order
	acks    []*hubv1.BrowserAck
	bytes   int
	omitted uint32
	outcome hub.Outcome
	total   hub.AckTotal
	pending int // of onDone and onQueued: how many have come
}

func (k *ackKeeper) onAck(a hub.BrowserAck) {
	ack := &hubv1.BrowserAck{
		SocketId: a.SocketID, Payload: &hubv1.Payload{Args: a.Args, Attachments: a.Attachments},
	}
	size := payloadSize(ack.Payload)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.take(ack, size) {
		k.omitted++
		k.trace.Bound(BoundAcks)
	}
}

// take keeps an acknowledgement, or reports it. The caller holds mu.
func (k *ackKeeper) take(ack *hubv1.BrowserAck, size int) bool {
	if k.each {
		return size <= maxOneAnswer &&
			k.answers.Give(&hubv1.Result{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: ack}})
	}
	if k.bytes+size > maxAckBytes || !k.budget.Take(int64(size)) {
		return false
	}
	k.bytes += size
	k.acks = append(k.acks, ack)
	return true
}

func (k *ackKeeper) onDone(t hub.AckTotal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total = t
	k.finish()
}

func (k *ackKeeper) onQueued(o hub.Outcome) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.outcome = o
	k.finish()
}

// finish gives the total once both have come. The caller holds mu.
func (k *ackKeeper) finish() {
	if k.pending++; k.pending < 2 {
		return
	}
	r := resultOf(k.outcome, ackFault(k.total))
	r.Ack = &hubv1.Result_AckTotal{AckTotal: &hubv1.AckTotal{
		ExpectedCount: uint32(k.total.Expected), AckedCount: uint32(k.total.Acked),
		TimedOutCount: uint32(k.total.TimedOut), DisconnectedCount: uint32(k.total.Disconnected),
		Acks: k.acks, OmittedCount: k.omitted,
	}}
	k.budget.Give(int64(k.bytes))
	k.answers.Give(r)
}

// ackFault says that not all browsers answered.
func ackFault(t hub.AckTotal) *fault.Fault {
	switch {
	case t.TimedOut > 0:
		return fault.New(fault.AcksTimedOut, "not all browsers acknowledged in time")
	case t.Disconnected > 0:
		return fault.New(fault.BrowsersGone, "browsers left before they acknowledged")
	}
	return nil
}

// payloadSize is what a payload counts.
func payloadSize(p *hubv1.Payload) int {
	size := ackKeep + len(p.GetArgs())
	for _, a := range p.GetAttachments() {
		size += len(a)
	}
	return size
}
