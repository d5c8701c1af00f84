package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// stream is one connection to the hub, from the hello to its end. What is worth more
// than a connection belongs to its attachment.
type stream struct {
	// Set before the goroutines start.
	svc       *Service
	att       *attachment
	conn      grpc.ClientConnInterface
	rpc       grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	cancel    context.CancelFunc // ends rpc
	heartbeat time.Duration
	early     []*hubv1.Item // stood in the welcome's envelope

	// Counted by recvLoop and sendLoop.
	received, sent atomic.Uint64
	unreceipted    atomic.Int32 // envelopes received since something was sent
	sending        atomic.Bool  // sendLoop is inside of Send

	ended *StatusError // what Item.ended said; owned by recvLoop, read after its end
}

// serve keeps the stream until it ends, and says why: nil after a clean end.
func (st *stream) serve(closing <-chan struct{}) error {
	received := make(chan error, 1)
	var loops sync.WaitGroup // both end with the rpc, which is cancelled below
	loops.Go(func() { received <- st.recvLoop() })
	loops.Go(st.sendLoop)
	st.svc.line.begin(st.att, st.conn)
	err := st.supervise(closing, received)
	st.att.out.queue.Pause()
	st.cancel()
	loops.Wait()
	st.svc.line.end(st.att)
	return err
}

var errSilent = errors.New("service: the hub has not been heard for three heartbeats")
var errStalled = errors.New("service: the hub has not read for three heartbeats")

// drainPatience is how long the hub may take to end the stream of an instance that
// drains and has nothing to do any more. Then this side is closed.
const drainPatience = time.Second

// supervise waits for the end: of the stream, or in order once closing is closed. It
// sends the heartbeat and listens for that of the hub.
func (st *stream) supervise(closing <-chan struct{}, received chan error) error {
	var idle <-chan struct{}
	var patience <-chan time.Time
	beat := newPulse(st)
	ticker := time.NewTicker(st.heartbeat)
	defer ticker.Stop()
	for {
		select {
		case err := <-received:
			return st.reason(err)
		case <-ticker.C:
			if err := beat.tick(); err != nil {
				return err
			}
		case <-closing:
			closing = nil
			st.att.out.control(drainAction(), 16)
			idle, patience = st.drained()
		case <-idle:
			idle, patience = st.drained()
		case <-patience:
			if idle, patience = st.drained(); idle == nil {
				patience = nil
				st.finish()
			}
		}
	}
}

// drained says what to wait for while this process drains: first for handlers and
// results, then for the hub.
func (st *stream) drained() (idle <-chan struct{}, patience <-chan time.Time) {
	if idle = st.svc.lanes.WhenIdle(); idle != nil {
		return idle, nil
	}
	if idle = st.att.results.WhenDrained(); idle != nil {
		return idle, nil
	}
	return nil, time.After(drainPatience)
}

// finish closes this side once everything was sent. What the hub hands over from now
// on is another instance's.
func (st *stream) finish() {
	st.att.finished.Store(true)
	st.att.out.queue.Finish()
}

// reason is why the stream ended as the caller of serve wants to know it.
func (st *stream) reason(err error) error {
	if cause := context.Cause(st.att.ctx); cause != nil {
		return cause // aborted from this side
	}
	return endError(err, st.ended)
}

// pulse counts the beats without a sign of life.
type pulse struct {
	st              *stream
	received, sent  uint64
	silent, stalled int
}

const missedBeats = 3

func newPulse(st *stream) *pulse { return &pulse{st: st} }

// tick is called once for each heartbeat interval.
func (p *pulse) tick() error {
	received, sent := p.st.received.Load(), p.st.sent.Load()
	p.silent++
	if received != p.received {
		p.silent = 0
	}
	p.stalled++
	if sent != p.sent || !p.st.sending.Load() {
		p.stalled = 0
	}
	// Said even while other things are: that it is not needed then is no reason to
	// be silent for nearly two intervals.
	p.st.att.out.control(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}, 16)
	p.received, p.sent = received, sent
	switch {
	case p.silent >= missedBeats:
		return errSilent
	case p.stalled >= missedBeats:
		return errStalled
	}
	return nil
}

func drainAction() *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{}}}
}

// sendLoop is the only goroutine that sends on the stream after the hello. It puts
// everything that is queued when it wakes into one envelope: while the stream is slow
// the envelopes grow. It ends when the queue is paused or has ended.
func (st *stream) sendLoop() {
	queue := st.att.out.queue
	for {
		batch, ok := queue.Take(nil)
		if !ok {
			if st.att.finished.Load() {
				st.rpc.CloseSend()
			}
			return
		}
		st.unreceipted.Store(0)
		st.sending.Store(true)
		err := st.rpc.Send(&hubv1.AttachRequest{
			EnvelopeSeq:    queue.Number(len(batch)),
			AckEnvelopeSeq: st.att.received.Load(),
			Actions:        batch,
		})
		st.sending.Store(false)
		if err != nil {
			return // recvLoop learns why
		}
		st.sent.Add(1)
	}
}
