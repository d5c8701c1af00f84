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

// stream is one life of the connection to the hub, from the hello to its end.
// Nothing goes from one to the next: settlements and commands belong to the stream
// whose delivery they answer, or on which they were queued.
type stream struct {
	// Set at construction.
	svc    *Service
	conn   grpc.ClientConnInterface
	rpc    grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	cancel context.CancelFunc // ends rpc
	out    *sendQueue

	// ctx is what handlers get; lose cancels it with its cause.
	ctx  context.Context
	lose context.CancelCauseFunc

	// Set by the welcome, before the goroutines start.
	hubID       string
	heartbeat   time.Duration
	maxEnvelope int
	results     *results
	early       []*hubv1.Item // stood in the welcome's envelope

	// Counted by recvLoop and sendLoop, read by serve.
	received, sent atomic.Uint64
	sending        atomic.Bool // sendLoop is inside of Send
}

// settle answers a delivery. It fails without a word when there is nothing left to
// answer: see send.
func (st *stream) settle(w *work, settlement *hubv1.Settlement, size int) {
	settlement.DeliverySeq = w.delivery.GetDeliverySeq()
	_ = st.send(w, settlementAction(settlement), size)
}

// send queues the settlement of w: ErrAnswered when it has one, ErrLeaseLost when
// the stream has ended, and with it the right to answer.
func (st *stream) send(w *work, a *hubv1.Action, size int) error {
	return st.out.settle(w, a, size)
}

// serve keeps the stream until it ends, and says why: nil after a clean close.
func (st *stream) serve(closing <-chan struct{}) error {
	received := make(chan error, 1)
	var loops sync.WaitGroup // both end with the rpc, which end cancels
	loops.Go(func() { received <- st.recvLoop() })
	loops.Go(st.sendLoop)
	st.svc.line.set(st)
	err := st.supervise(closing, received)
	st.svc.line.set(nil)
	st.end()
	loops.Wait()
	return err
}

// end takes everything back that the stream had given out.
func (st *stream) end() {
	cause := ErrLeaseLost
	if st.svc.isClosing() {
		cause = ErrClosed
	}
	lost := st.out.fail(cause)
	st.lose(cause)
	st.cancel()
	st.results.fail()
	st.svc.lanes.purge(st)
	if lost > 0 {
		st.svc.log.Warn("the stream ended before commands had left", "count", lost)
		if hook := st.svc.opts.Trace.CommandsLost; hook != nil {
			hook(lost)
		}
	}
}

var errSilent = errors.New("service: the hub has not been heard for three heartbeats")
var errStalled = errors.New("service: the hub has not read for three heartbeats")

// supervise waits for the end: of the stream, or in order once closing is closed.
// It sends the heartbeat and listens for that of the hub.
func (st *stream) supervise(closing <-chan struct{}, received chan error) error {
	var idle <-chan struct{}
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
			st.out.control(windowAction(0, 0))
			idle = st.drained()
		case <-idle:
			idle = st.drained()
		}
	}
}

// drained closes this side of the stream when no handler runs, or returns what to
// wait for.
func (st *stream) drained() <-chan struct{} {
	idle := st.svc.lanes.closeWhenIdle()
	if idle == nil {
		st.out.finish()
	}
	return idle
}

// reason is why the stream ended as the caller of serve wants to know it.
func (st *stream) reason(err error) error {
	if cause := context.Cause(st.ctx); cause != nil {
		return cause // aborted from this side
	}
	return endError(err)
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
	p.st.out.control(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
	p.received, p.sent = received, sent
	switch {
	case p.silent >= missedBeats:
		return errSilent
	case p.stalled >= missedBeats:
		return errStalled
	}
	return nil
}

func windowAction(deliveries, bytes int) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Window{Window: newWindow(deliveries, bytes)}}
}

func newWindow(deliveries, bytes int) *hubv1.Window {
	return &hubv1.Window{Deliveries: uint32(deliveries), Bytes: uint64(bytes)}
}
