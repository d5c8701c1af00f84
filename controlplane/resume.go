package controlplane

import (
	"crypto/subtle"
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/internal/envelope"
	"github.com/siohub/siohub/internal/outqueue"
)

// resumeWait is how long a resume waits for the stream before it to let go: what that
// has half sent must not mix with what is sent again.
const resumeWait = 3 * time.Second

// resume goes on with an attachment whose stream broke. It reports false when there is
// nothing to go on with: the hello begins a new one then.
func (st *stream) resume(h *hubv1.Hello, bad map[int]*envelope.Bad) bool {
	a := st.resumable(h)
	if a == nil {
		return false
	}
	before, ok := a.take(st)
	if !ok {
		return false
	}
	results, revoked, ok := st.goOn(a, before, h, bad)
	if !ok {
		a.giveBack(st, before)
		return false
	}
	// What was moved to another instance meanwhile is not sent any more.
	a.out.Queue.Remove(func(e outgoing.Entry) bool { return e.Item == nil && slices.Contains(revoked, e.Try.Seq) })
	a.resumes.Store(true)
	welcome := st.srv.welcome(a, st.heartbeat, h, results)
	welcome.Resumed, welcome.Revoked = true, revoked
	st.begin(a, welcome)
	a.lease.Load().Start(st.srv.windows(h.Window), false)
	if a.draining.Load() {
		a.lease.Load().Drain()
	}
	st.srv.opened(a, true)
	a.introduceAgain()
	return true
}

// resumable finds the attachment that a hello names, if it proves that it is its own.
func (st *stream) resumable(h *hubv1.Hello) *attachment {
	if h.Resume.HubId != st.srv.hubID {
		return nil
	}
	a := st.srv.routes.attachment(h.Group, h.InstanceId)
	if a == nil || !a.numbered || a.caller.Name() != st.caller.Name() ||
		subtle.ConstantTimeCompare(a.token[:], h.Resume.Attachment) != 1 {
		return nil
	}
	return a
}

// goOn takes up an attachment where the stream before it stopped.
func (st *stream) goOn(a *attachment, before *stream, h *hubv1.Hello, bad map[int]*envelope.Bad) (results []*hubv1.SubscriptionResult, revoked []uint64, ok bool) {
	st.brake.seat.End() // the stream before may need it to end
	gone := before.giveWay(a.out.Queue)
	st.brake.seat.Begin(0)
	switch {
	case !gone:
		a.out.Fail() // it may still send, so nobody else can
		return nil, nil, false
	case st.over():
		return nil, nil, false
	}
	if err := a.out.Queue.Rewind(h.Resume.AckEnvelopeSeq, (*outgoing.Entry).Again); err != nil {
		st.srv.log.Info("resume is not possible", "group", a.group.name, "instance", a.instance, "error", err)
		return nil, nil, false
	}
	return st.srv.routes.reenter(a, h, bad)
}

// giveWay ends a stream whose attachment goes on on another one, and waits until it
// has let go, also if it had ended by itself: its goroutines may be at their last lines.
func (st *stream) giveWay(queue *outqueue.Queue[outgoing.Entry]) bool {
	queue.Pause()
	st.end(errFenced)
	late := time.NewTimer(resumeWait)
	defer late.Stop()
	for _, ended := range []chan struct{}{st.received, st.left, st.sent} {
		select {
		case <-ended:
			// Its own hello may have been about to resume: what that set going ends, too.
			queue.Pause()
		case <-late.C:
			return false
		}
	}
	return true
}
