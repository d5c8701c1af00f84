package service

import (
	"context"
	"encoding/json"
	"iter"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Ack is what one browser acknowledged.
type Ack struct {
	// SocketID is who.
	SocketID string
	// Args are the arguments as they arrived, a JSON array.
	Args json.RawMessage
	// Attachments are the binary parts that placeholders in Args stand for.
	Attachments [][]byte
}

// Bind decodes the arguments, see [Event.Bind].
func (a *Ack) Bind(dst ...any) error { return bindArgs(a.Args, a.Attachments, dst) }

// Payload returns all arguments at once, unseen.
func (a *Ack) Payload() Payload { return Payload{Args: a.Args, Attachments: a.Attachments} }

// Acks sums up the acknowledgements of an emit. Expected is the sum of Acked,
// TimedOut and Disconnected.
type Acks struct {
	// Expected is how many sockets the emit went to.
	Expected int
	// Acked is how many acknowledged.
	Acked int
	// TimedOut is how many did not in time.
	TimedOut int
	// Disconnected is how many left before they did.
	Disconnected int
	// Acks are the acknowledgements in the order of arrival.
	Acks []*Ack
	// Omitted is how many are missing in Acks because there were more than 1 MiB.
	Omitted int
	// MissingHubs are hubs that could not be asked: their sockets are not counted.
	MissingHubs []string
}

// single turns the acknowledgements of one socket's emit into its one.
func (a *Acks) single(err error) (*Ack, error) {
	switch {
	case a == nil:
		return nil, err
	case len(a.Acks) > 0:
		return a.Acks[0], nil
	case a.Expected == 0 || a.Disconnected > 0:
		return nil, ErrSocketGone
	case a.Omitted > 0:
		return nil, ErrTooLarge
	}
	return nil, ErrAckTimeout
}

func newAcks(r *hubv1.Result) *Acks {
	total := r.GetAckTotal()
	acks := &Acks{
		MissingHubs: r.GetMissingHubIds(),
		Expected:    int(total.GetExpectedCount()), Acked: int(total.GetAckedCount()),
		TimedOut: int(total.GetTimedOutCount()), Disconnected: int(total.GetDisconnectedCount()),
		Omitted: int(total.GetOmittedCount()),
	}
	for _, ack := range total.GetAcks() {
		acks.Acks = append(acks.Acks, newAck(ack))
	}
	return acks
}

func newAck(a *hubv1.BrowserAck) *Ack {
	return &Ack{
		SocketID: a.GetSocketId(), Args: a.GetPayload().GetArgs(), Attachments: a.GetPayload().GetAttachments(),
	}
}

// missing is the error for acknowledgements that did not come.
func (a *Acks) missing() error {
	switch {
	case a.TimedOut > 0:
		return ErrAckTimeout
	case a.Disconnected > 0:
		return ErrSocketGone
	}
	return nil
}

// EmitWithAck sends an event to every socket of the target and waits until each
// has acknowledged, has left, or the time is over (Target.Timeout). When some did
// not acknowledge, both are returned: the acknowledgements there are, and an error
// that is ErrAckTimeout or ErrSocketGone. A handler may wait here: browsers'
// answers do not stand behind their events.
func (t Target) EmitWithAck(ctx context.Context, event string, args ...any) (*Acks, error) {
	action, size, err := newEmitWithAck(ctx, t, event, args, hubv1.AckMode_ACK_MODE_TOTAL)
	if err != nil {
		return nil, err
	}
	r, err := t.svc.line.do(ctx, action, size, t.heldBy())
	if r.GetAckTotal() == nil {
		return nil, err
	}
	acks := newAcks(r)
	return acks, acks.missing()
}

// EmitEachAck is EmitWithAck for large targets: it yields each acknowledgement as
// it arrives, then an error when not all did (as EmitWithAck). Leaving the loop
// early stops the waiting. It does not use the stream: it is not ordered with other
// commands, and not refused when a delivery is lost.
func (t Target) EmitEachAck(ctx context.Context, event string, args ...any) iter.Seq2[*Ack, error] {
	return func(yield func(*Ack, error) bool) {
		total, err := eachAck(ctx, t, event, args, func(ack *Ack) bool { return yield(ack, nil) })
		if err == nil && total != nil {
			err = total.missing()
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// eachAck calls yield for each acknowledgement. The total is nil when yield ended
// it.
func eachAck(ctx context.Context, t Target, event string, args []any, yield func(*Ack) bool) (*Acks, error) {
	action, _, err := newEmitWithAck(ctx, t, event, args, hubv1.AckMode_ACK_MODE_EACH)
	if err != nil {
		return nil, err
	}
	control, err := t.svc.line.control(ctx, t.heldBy())
	if err != nil {
		return nil, err
	}
	action.GetCommand().Traceparent, action.GetCommand().Tracestate = TraceContext(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := control.EmitWithAck(ctx, &hubv1.EmitWithAckRequest{Command: action.GetCommand()})
	if err != nil {
		return nil, queryError(err)
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return nil, queryError(err)
		}
		result := response.GetResult()
		switch {
		case result.GetBrowserAck() != nil:
			if !yield(newAck(result.GetBrowserAck())) {
				return nil, nil
			}
		case result.GetAckTotal() != nil:
			return newAcks(result), nil
		default:
			return nil, asError(statusError(result.GetStatus()))
		}
	}
}

func newEmitWithAck(ctx context.Context, t Target, event string, args []any, mode hubv1.AckMode) (*hubv1.Action, int, error) {
	timeout, err := ackTimeout(ctx, t.svc, t.timeout)
	if err != nil {
		return nil, 0, err
	}
	action, size, err := newEmit(t, event, args)
	if err != nil {
		return nil, 0, err
	}
	action.GetCommand().GetEmit().Ack = &hubv1.AckRequest{Timeout: timeout, Mode: mode}
	return action, size, nil
}

// control returns the unary side of the connection that the stream uses, waiting
// for one as commands do.
func (l *line) control(ctx context.Context, at string) (hubv1.ControlServiceClient, error) {
	att, _, err := l.pick(ctx, "", at)
	if err != nil {
		return nil, err
	}
	r := l.to(att.peer.hubID)
	if r == nil {
		if r, err = l.await(ctx, l.timeout); err != nil {
			return nil, err
		}
	}
	return hubv1.NewControlServiceClient(r.conn), nil
}

// queryError is the error of a unary call. Unlike on the stream ABORTED is no
// takeover there.
func queryError(err error) error {
	if err == nil {
		return nil
	}
	if s := callError(err); s != nil {
		return s
	}
	return err
}
