package service

import (
	"context"
	"runtime"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// What may stand in the queue to the hub before a command waits for room, and how
// much goes into one envelope. The batch is a target, not a limit: one action
// always goes.
const (
	maxQueuedActions = 4096
	maxQueuedBytes   = 4 << 20
	batchActions     = 256
	batchBytes       = 48 << 10
)

// outgoing is an action with its approximate size.
type outgoing struct {
	action *hubv1.Action
	size   int
}

// sendQueue holds what sendLoop has not sent yet, in order. Settlements are
// bounded by the window and always fit; commands wait for room.
type sendQueue struct {
	wake chan struct{} // has one element when there is something to do

	mu       sync.Mutex // guards the fields below
	items    []outgoing
	bytes    int
	commands int           // commands without result among items
	finished bool          // no more is taken; what is there is sent, then the stream is closed
	err      error         // why nothing is taken at all: the stream has ended
	room     chan struct{} // closed when sendLoop has made room; nil when nobody waits
}

func newSendQueue() *sendQueue { return &sendQueue{wake: make(chan struct{}, 1)} }

// settle queues the settlement of w, unless it has one. Commands of w that are
// queued from now on stand alone.
func (q *sendQueue) settle(w *work, a *hubv1.Action, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.settled {
		return ErrAnswered
	}
	if q.err != nil {
		return q.err
	}
	w.settled = true
	q.pushLocked(a, size)
	return nil
}

// settled reports whether w has its settlement.
func (q *sendQueue) settled(w *work) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return w.settled
}

// control queues what is bounded by its nature: windows and heartbeats.
func (q *sendQueue) control(a *hubv1.Action) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil && !q.finished {
		q.pushLocked(a, 16)
	}
}

// command queues a command, and waits for room while there is none. w is the
// delivery that it was made for, or nil.
func (q *sendQueue) command(ctx context.Context, a *hubv1.Action, size int, w *work) error {
	q.mu.Lock()
	for {
		if q.err != nil || q.finished {
			err := q.err
			q.mu.Unlock()
			if err == nil {
				err = ErrClosed
			}
			return err
		}
		if len(q.items) < maxQueuedActions && (q.bytes+size <= maxQueuedBytes || len(q.items) == 0) {
			break
		}
		if q.room == nil {
			q.room = make(chan struct{})
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return &waitError{context.Cause(ctx)}
		}
		q.mu.Lock()
	}
	cmd := a.GetCommand()
	if w != nil && !w.settled {
		cmd.DeliverySeq = w.delivery.GetDeliverySeq()
	}
	if cmd.CommandId == 0 {
		q.commands++
	}
	q.pushLocked(a, size)
	q.mu.Unlock()
	return nil
}

func (q *sendQueue) pushLocked(a *hubv1.Action, size int) {
	q.items = append(q.items, outgoing{a, size})
	q.bytes += size
	q.wakeUp()
}

func (q *sendQueue) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// finish lets sendLoop send what is there and close its side.
func (q *sendQueue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
	q.wakeUp()
}

// fail empties the queue for good, and returns how many commands without result
// were lost.
func (q *sendQueue) fail(err error) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := q.commands
	q.err, q.items, q.bytes, q.commands = err, nil, 0, 0
	q.makeRoomLocked()
	return lost
}

// take returns the next batch. An empty one means that there is nothing now, and
// with done that there will be nothing more.
func (q *sendQueue) take() (batch []*hubv1.Action, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, q.finished || q.err != nil
	}
	n, bytes := 0, 0
	for n < len(q.items) && n < batchActions && (n == 0 || bytes+q.items[n].size <= batchBytes) {
		bytes += q.items[n].size
		n++
	}
	batch = make([]*hubv1.Action, n)
	for i, item := range q.items[:n] {
		batch[i] = item.action
		if cmd := item.action.GetCommand(); cmd != nil && cmd.CommandId == 0 {
			q.commands--
		}
	}
	q.bytes -= bytes
	rest := copy(q.items, q.items[n:])
	clear(q.items[rest:])
	q.items = q.items[:rest]
	q.makeRoomLocked()
	return batch, false
}

func (q *sendQueue) makeRoomLocked() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// sendLoop is the only goroutine that sends on the stream after the hello. It
// puts everything that is queued when it wakes into one envelope: while the
// stream is slow the envelopes grow. It ends when the queue is finished or has
// failed, or when the stream has ended.
func (st *stream) sendLoop() {
	for {
		batch, done := st.out.take()
		switch {
		case done:
			st.rpc.CloseSend()
			return
		case len(batch) > 0:
			st.sending.Store(true)
			err := st.rpc.Send(&hubv1.AttachRequest{Actions: batch})
			st.sending.Store(false)
			if err != nil {
				return // recvLoop learns why
			}
			st.sent.Add(1)
		default:
			select {
			case <-st.out.wake:
				// The scheduler runs a goroutine that was woken before those that have been
				// ready for longer. Whoever is ready now has something to send, too.
				runtime.Gosched()
			case <-st.rpc.Context().Done():
				return
			}
		}
	}
}
