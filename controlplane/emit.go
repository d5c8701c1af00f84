package controlplane

import (
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

const (
	// maxAckTimeout is the longest time that acknowledgements may be waited for.
	maxAckTimeout = 5 * time.Minute
	// maxAckBytes is how much of them one result carries.
	maxAckBytes = 1 << 20
	// ackKeep is what an acknowledgement counts beside its payload.
	ackKeep = 64
	// maxOneAck is how large one reported by itself may be: it fits every envelope.
	maxOneAck = minEnvelope - 4*envelopeMargin
)

func messageOf(e *hubv1.Emit) hub.Message {
	return hub.Message{
		Event: e.GetEvent(), Args: e.GetPayload().GetArgs(), Attachments: e.GetPayload().GetAttachments(),
	}
}

func optionsOf(e *hubv1.Emit) hub.EmitOptions {
	return hub.EmitOptions{Volatile: e.GetVolatile(), NoCompress: e.GetNoCompress()}
}

// emitWithAck emits and answers with browsers' acknowledgements.
func (cs *commands) emitWithAck(batch *hub.Batch, e *hubv1.Emit, give answer) {
	timeout, each, f := checkAck(e.GetAck())
	if f != nil {
		give(resultOf(hub.Outcome{}, f), true)
		return
	}
	k := &ackKeeper{commands: cs, each: each, give: give}
	outcome, err := cs.srv.hub.EmitWithAck(batch, targetOf(e.GetTarget()), messageOf(e), optionsOf(e), hub.AckOptions{
		Timeout: timeout, OnAck: k.onAck, OnDone: k.onDone,
	})
	if err != nil {
		give(resultOf(outcome, faultOf(err, "emit")), true)
		return
	}
	k.onQueued(outcome)
}

// checkAck reads how acknowledgements are asked for.
func checkAck(a *hubv1.AckRequest) (timeout time.Duration, each bool, f *fault) {
	switch a.GetMode() {
	case hubv1.AckMode_ACK_MODE_UNSPECIFIED, hubv1.AckMode_ACK_MODE_TOTAL:
	case hubv1.AckMode_ACK_MODE_EACH:
		each = true
	default:
		return 0, false, invalid("emit.ack.mode", "UNKNOWN_MODE", "the hub does not know this mode")
	}
	timeout = a.GetTimeout().AsDuration()
	if a.GetTimeout().CheckValid() != nil || timeout <= 0 || timeout > maxAckTimeout {
		return 0, false, invalid("emit.ack.timeout", "BAD_TIMEOUT", "a timeout is more than 0 and at most 5 minutes")
	}
	return timeout, each, nil
}

// ackKeeper gathers the acknowledgements of one emit. The hub calls onAck and then
// onDone, one call at a time; onQueued comes beside them, for the end may be there
// before the emit has returned. The last of onDone and onQueued gives the total.
type ackKeeper struct {
	commands *commands
	each     bool
	give     answer

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
	size := len(a.Args) + ackKeep
	for _, b := range a.Attachments {
		size += len(b)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.each && size > maxOneAck:
		k.omitted++
	case k.each:
		if !k.give(&hubv1.Result{Ack: &hubv1.Result_BrowserAck{BrowserAck: ack}}, false) {
			k.omitted++
		}
	case k.bytes+size > maxAckBytes || !k.commands.acks.Take(int64(size)):
		k.omitted++
	default:
		k.bytes += size
		k.acks = append(k.acks, ack)
	}
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
	k.commands.acks.Give(int64(k.bytes))
	k.give(r, true)
}

// ackFault says that not all browsers answered.
func ackFault(t hub.AckTotal) *fault {
	switch {
	case t.TimedOut > 0:
		return &fault{
			code: hubv1.Code_CODE_DEADLINE_EXCEEDED, reason: "ACKS_TIMED_OUT", message: "not all browsers acknowledged in time",
		}
	case t.Disconnected > 0:
		return &fault{
			code: hubv1.Code_CODE_CANCELLED, reason: "BROWSERS_GONE", message: "browsers left before they acknowledged",
		}
	}
	return nil
}
