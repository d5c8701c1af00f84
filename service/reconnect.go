package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

// runner keeps a service attached: it is what Run does. Used by one goroutine.
type runner struct {
	svc  *Service
	base context.Context // of everything; outlives an attachment, ends when aborted
	dial dialFunc

	again    backoff
	attached bool        // once at least
	att      *attachment // the last one, while it may be taken up
	anew     bool        // the next hello says that a hub was taken for lost
	text     string      // of the last error that was logged
}

// serve attaches again and again until the service closes, or may not.
func (r *runner) serve() error {
	defer r.lost(ErrClosed)
	for {
		err := r.serveOnce()
		switch {
		case r.base.Err() != nil, r.svc.life.isClosing() && !r.worthWaiting():
			return r.finish()
		case r.svc.life.isClosing():
		case r.gaveUp(err):
			return err
		}
		delay := r.again.next()
		if err != nil && err.Error() != r.text {
			r.text = err.Error()
			r.svc.log.Warn("no hub", "err", err, "retry", delay)
		}
		closing := r.svc.life.closing.Done()
		if r.svc.life.isClosing() {
			closing = nil // handlers still have something to say on a resumed stream
		}
		select {
		case <-time.After(delay):
		case <-closing:
		case <-r.base.Done():
		}
	}
}

// worthWaiting reports whether a process that closes should come back to its hub to
// say what it has to say.
func (r *runner) worthWaiting() bool { return r.att != nil && r.att.ctx.Err() == nil && r.att.busy() }

// lost ends the last attachment, if there is one.
func (r *runner) lost(cause error) {
	if r.att != nil {
		r.att.end(cause)
		r.att = nil
	}
}

// serveOnce attaches and stays until the stream ends.
func (r *runner) serveOnce() error {
	if r.att != nil && !r.att.wake() {
		r.lost(ErrLeaseLost)
	}
	resume := r.att
	if resume == nil && r.svc.life.isClosing() {
		return nil
	}
	st, hangUp, err := r.attach(resume)
	if err != nil {
		return r.notAttached(err)
	}
	defer hangUp()
	r.svc.log.Info("attached", "hub", st.att.peer.hubID, "instance", r.svc.opts.InstanceID, "resumed", resume == st.att)
	r.attached, r.anew, r.text = true, false, ""
	if hook := r.svc.opts.Trace.Attached; hook != nil {
		hook(st.att.peer.hubID)
	}
	began := time.Now()
	err = st.serve(r.svc.life.closing.Done())
	if time.Since(began) >= st.heartbeat {
		r.again.attempt = 0
	}
	if hook := r.svc.opts.Trace.Detached; hook != nil {
		hook(err)
	}
	switch {
	case err == nil, !mayResume(err) || len(st.att.id) == 0:
		cause := ErrLeaseLost
		if r.svc.life.isClosing() {
			cause = ErrClosed
		}
		r.lost(cause)
	default:
		r.att.suspend()
	}
	return err
}

// notAttached is what an attempt without a welcome leads to.
func (r *runner) notAttached(err error) error {
	var anew *anewError
	switch {
	case errors.Is(err, errNotResumed):
		r.lost(ErrLeaseLost)
		return err
	case errors.As(err, &anew):
		r.anew, r.again.attempt = anew.say, 0
	}
	if r.att != nil {
		r.att.suspend()
	}
	return browserPort(r.svc.opts.Hub, err)
}

// finish waits for handlers that outlived their stream, unless aborted.
func (r *runner) finish() error {
	running := r.svc.lanes
	for idle := running.WhenIdle(); idle != nil; idle = running.WhenIdle() {
		select {
		case <-idle:
		case <-r.base.Done():
			r.svc.log.Warn("closed before all handlers had ended")
			return nil
		}
	}
	running.Close()
	r.svc.log.Info("closed")
	return nil
}

// gaveUp reports whether attaching again with the same hello is of no use.
func (r *runner) gaveUp(err error) bool {
	var config *ConfigError
	var refused *subscriptionError
	var status *StatusError
	switch {
	case errors.Is(err, ErrSuperseded):
		return true
	case errors.As(err, &config), errors.As(err, &refused):
		// Later another version of the service may hold it for a moment.
		return !r.attached
	case !errors.As(err, &status):
		return false
	}
	switch status.Code {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied, codes.Unimplemented:
		return true
	case codes.Unauthenticated:
		return !r.svc.credential.mayDiffer()
	}
	return false
}

// mayResume reports whether a stream that ended so may be taken up: after an error
// that an envelope may have caused it would be sent again, and end the next one.
func mayResume(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return true
	}
	switch status.Code {
	case codes.Unavailable, codes.Unknown, codes.Canceled, codes.DeadlineExceeded, codes.Unauthenticated:
		return !errors.Is(err, ErrSuperseded)
	}
	return false
}

// backoff draws waits evenly from zero to a limit that doubles ("full jitter").
type backoff struct {
	limits  Backoff
	attempt int
}

func (b *backoff) next() time.Duration {
	limit := b.limits.Max
	if shifted := b.limits.Min << b.attempt; b.attempt < 32 && shifted > 0 && shifted < limit {
		limit = shifted
	}
	b.attempt++
	return time.Duration(rand.Int64N(int64(limit) + 1))
}
