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
	base context.Context // of everything; outlives a stream, ends when aborted
	dial dialFunc

	again    backoff
	attached bool   // once at least
	hubID    string // of the last stream
	text     string // of the last error that was logged
}

// serve attaches again and again until the service closes, or may not.
func (r *runner) serve() error {
	for {
		err := r.serveOnce()
		switch {
		case r.svc.isClosing():
			return r.finish()
		case errors.Is(err, ErrSuperseded), !r.attached && isRefusal(err):
			return err
		}
		delay := r.again.next()
		if err != nil && err.Error() != r.text {
			r.text = err.Error()
			r.svc.log.Warn("no hub", "err", err, "retry", delay)
		}
		select {
		case <-time.After(delay):
		case <-r.svc.closing.Done():
			return r.finish()
		}
	}
}

// serveOnce attaches and stays until the stream ends.
func (r *runner) serveOnce() error {
	st, hangUp, err := r.attach()
	if err != nil {
		return err
	}
	defer hangUp()
	r.svc.log.Info("attached", "hub", st.hubID, "instance", r.svc.opts.InstanceID,
		"hub_restarted", r.attached && r.hubID != st.hubID)
	r.attached, r.hubID, r.text = true, st.hubID, ""
	if hook := r.svc.opts.Trace.Attached; hook != nil {
		hook(st.hubID)
	}
	began := time.Now()
	err = st.serve(r.svc.closing.Done())
	if time.Since(began) > st.heartbeat {
		r.again.attempt = 0
	}
	if hook := r.svc.opts.Trace.Detached; hook != nil {
		hook(err)
	}
	return err
}

// finish waits for handlers that outlived their stream, unless aborted.
func (r *runner) finish() error {
	lanes := r.svc.lanes
	for idle := lanes.closeWhenIdle(); idle != nil; idle = lanes.closeWhenIdle() {
		select {
		case <-idle:
		case <-r.base.Done():
			r.svc.log.Warn("closed before all handlers had ended")
			return nil
		}
	}
	r.svc.log.Info("closed")
	return nil
}

// isRefusal reports whether trying again with the same hello is of no use.
func isRefusal(err error) bool {
	var status *StatusError
	var config *ConfigError
	if !errors.As(err, &status) {
		return errors.As(err, &config)
	}
	switch status.Code {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.AlreadyExists,
		codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return true
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
