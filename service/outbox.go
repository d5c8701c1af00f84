package service

import (
	"context"
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/outqueue"
	"github.com/siohub/siohub/service/internal/results"
)

// roomForCommands is what may wait in the queue to the hub before a command waits for
// room, and roomForResume what is kept until the hub's receipt comes. Beyond the
// second nothing is kept, and a broken stream cannot be resumed.
var (
	roomForCommands = outqueue.Limit{Items: 4096, Bytes: 4 << 20}
	roomForResume   = outqueue.Limit{Items: 64 << 10, Bytes: 32 << 20}
)

// outbox holds what an attachment has to say to the hub, in order, and what was said
// without a receipt. Settlements are bounded by the window and always fit; commands
// wait for room. It outlives a stream.
type outbox struct {
	queue *outqueue.Queue[*hubv1.Action]
}

func newOutbox() *outbox { return &outbox{queue: outqueue.New[*hubv1.Action]()} }

// control queues what is bounded by its nature: settlements, windows, heartbeats. It
// reports false when the attachment has ended.
func (o *outbox) control(a *hubv1.Action, size int) bool { return o.queue.Push(a, size) }

// command queues a command, and waits for room while there is none.
//
// Errors: results.ErrEnded, an ErrUnavailable with the cause of ctx.
func (o *outbox) command(ctx context.Context, a *hubv1.Action, size int) error {
	if o.queue.Offer(a, size, roomForCommands) {
		return nil
	}
	switch err := o.queue.Wait(ctx, a, size, roomForCommands); {
	case err == nil:
		return nil
	case errors.Is(err, outqueue.ErrClosed):
		return results.ErrEnded
	default:
		return &waitError{err}
	}
}

// takeBack takes out the commands that have not left and may go to another hub.
func (o *outbox) takeBack() (back []*hubv1.Action) {
	o.queue.Remove(func(a *hubv1.Action) bool {
		c := a.GetCommand()
		free := c != nil && c.GetDeliverySeq() == 0 && c.GetIdempotencyKey() == "" && c.GetAcknowledge() == nil
		if free {
			back = append(back, a)
		}
		return free
	})
	return back
}

// fail empties the outbox for good, and returns how many commands without result were
// lost.
func (o *outbox) fail() (lost int) {
	for _, a := range o.queue.Fail() {
		if c := a.GetCommand(); c != nil && c.GetCommandId() == 0 {
			lost++
		}
	}
	return lost
}
