package service

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// attachment is this process at one hub, for as long as both remember it. It outlives
// a stream that breaks: what is queued stays queued, handlers go on and settle, and
// commands wait for their results until the next stream takes it up. Deliveries,
// settlements and commands of handlers belong to the attachment on which they came.
//
//	            stream ends              Welcome.resumed
//	attached ───────────────► suspended ────────────────► attached
//	                              │ not resumed, or 30 s
//	                              ▼
//	                            ended: contexts cancelled, outcomes unknown
type attachment struct {
	// Set by the welcome.
	svc          *Service
	link         *link
	peer         *peer
	id           []byte // for Hello.resume; empty when the hub cannot resume
	capabilities []string
	maxEnvelope  int
	out          *outbox
	results      *results.Table

	// ctx is what handlers get; lose cancels it with its cause.
	ctx    context.Context
	lose   context.CancelCauseFunc
	leases leases

	received atomic.Uint64 // number of the last envelope of the hub that was applied
	heard    atomic.Uint64 // counts envelopes of the hub
	open     atomic.Bool   // it has a stream; written by line
	finished atomic.Bool   // this side is closed: what the hub still hands over is not taken

	ending sync.Once
	// Owned by the link.
	until  time.Time   // when a suspended attachment ends; zero while it has a stream
	expiry *time.Timer // ends it
}

// resumeWindow is how long the hub keeps an attachment whose stream broke.
const resumeWindow = 30 * time.Second

func newAttachment(l *link) *attachment {
	a := &attachment{svc: l.svc, link: l, out: newOutbox()}
	a.ctx, a.lose = context.WithCancelCause(l.run.base)
	return a
}

// end takes everything back that the attachment had given out. Later calls do nothing.
func (a *attachment) end(cause error) {
	a.ending.Do(func() {
		lost := a.out.fail()
		a.lose(cause)
		a.leases.end(cause)
		a.results.Fail()
		a.svc.lanes.Purge(func(w *work) bool { return w.att == a })
		a.svc.commandsLost(lost)
	})
}

// commandsLost tells of commands nobody waits for that went with their attachment.
func (s *Service) commandsLost(count int) {
	if count == 0 {
		return
	}
	s.log.Warn("the attachment ended before commands had left", "count", count)
	if hook := s.opts.Trace.CommandsLost; hook != nil {
		hook(count)
	}
}

// suspend lets the attachment wait for its next stream.
func (a *attachment) suspend() {
	if a.until.IsZero() {
		a.until = time.Now().Add(resumeWindow)
	}
	a.expiry = time.AfterFunc(time.Until(a.until), func() {
		a.end(ErrLeaseLost)
		a.svc.hubs.nudge()
	})
}

// wake stops the wait. It reports false when it took too long, or the hub was taken for
// lost meanwhile.
func (a *attachment) wake() bool { return (a.expiry == nil || a.expiry.Stop()) && a.ctx.Err() == nil }

// busy reports whether there is something for which a stream is worth waiting.
func (a *attachment) busy() bool {
	return a.out.queue.Len() > 0 || a.results.WhenDrained() != nil || a.svc.lanes.WhenIdle() != nil
}

// settle answers a delivery: ErrAnswered when it has its answer, the cause when the
// right to answer is gone.
func (a *attachment) settle(w *work, action *hubv1.Action, size int) error {
	if err := w.cause(); err != nil && !w.settled.Load() {
		return err
	}
	if !w.settled.CompareAndSwap(false, true) {
		return ErrAnswered
	}
	if !a.out.control(action, size) {
		return ErrLeaseLost
	}
	return nil
}
