package service

import (
	"errors"
	"sync/atomic"
	"time"
)

// link keeps this process attached to the hub at one address, whichever it is at the
// moment. It has a backoff, a credential and an attachment of its own.
type link struct {
	// Set by newLink.
	run        *runner
	svc        *Service
	place      // where it dials
	credential *credential
	stir       chan struct{} // has one element when it is to look again whether it is wanted
	unwanted   atomic.Bool   // nobody looks for a hub here any more

	// Owned by serve.
	again    backoff
	att      *attachment     // the last one, while it may be taken up
	last     string          // id of the hub to which it was attached last
	expected string          // id of the hub that is believed to be there
	freed    <-chan struct{} // closed once a stream has ended since the last hello
	text     string          // of the last error that was logged
}

func newLink(r *runner, p place) *link {
	s := r.svc
	l := &link{
		run: r, svc: s, place: p, stir: make(chan struct{}, 1), again: backoff{limits: s.opts.Backoff},
		expected: p.hub, credential: &credential{source: s.opts.TokenSource, fixed: s.opts.Token},
	}
	s.hubs.see(l, func(*HubStatus) {})
	return l
}

// want says whether anybody looks for a hub at the address.
func (l *link) want(wanted bool) {
	if l.unwanted.Swap(!wanted) == !wanted {
		return
	}
	select {
	case l.stir <- struct{}{}:
	default:
	}
}

// errAlias says that the hub at the address is attached by another link.
var errAlias = errors.New("service: the hub is attached by another address")

// recheck is how often a link looks whether the hub at its address is still one that
// another link leads to.
const recheck = 30 * time.Second

// serve attaches again and again until the service closes, nobody looks for a hub at the
// address, or Run may not go on, which is its error.
func (l *link) serve() error {
	defer l.drop(ErrClosed)
	for {
		if l.unwanted.Load() {
			l.drop(ErrLeaseLost)
			return nil
		}
		err := l.serveOnce()
		final := false
		switch {
		case l.run.base.Err() != nil, l.svc.life.isClosing() && !l.worthWaiting():
			return nil
		case l.svc.life.isClosing():
		case errors.Is(err, errAlias):
			l.run.accepted(l)
		case l.superseded(err):
			return err
		case isFinal(err, l.run.attached.Load()) && !l.credential.mayDiffer(err):
			if final = true; l.run.refused(l) {
				return err
			}
		default:
			l.run.accepted(l)
			l.run.unreachable(l)
		}
		if !l.unwanted.Load() {
			l.wait(err, final)
		}
	}
}

// superseded reports whether another process took this one's place. While another link
// says hello it may be that one, at the same hub.
func (l *link) superseded(err error) bool {
	return errors.Is(err, ErrSuperseded) && !l.run.mayMeet(l.last)
}

// wait is what comes between two attempts.
func (l *link) wait(err error, final bool) {
	delay := l.again.next()
	freed := l.freed
	switch {
	case errors.Is(err, errAlias):
		delay = recheck
	case final:
		delay, freed = l.svc.opts.Backoff.Max, nil
	default:
		freed = nil
	}
	l.complain(err, final, delay)
	closing := l.svc.life.closing.Done()
	if l.svc.life.isClosing() {
		closing = nil // handlers still have something to say on a resumed stream
	}
	select {
	case <-time.After(delay):
	case <-freed:
	case <-l.stir:
	case <-closing:
	case <-l.run.base.Done():
	}
}

// complain logs why there is no stream, once for each reason.
func (l *link) complain(err error, final bool, delay time.Duration) {
	switch {
	case err == nil || err.Error() == l.text:
		return
	case errors.Is(err, errAlias):
		l.svc.log.Debug("the address is another one of a hub that is attached", "address", l.address)
	case final:
		l.svc.log.Error("a hub refuses this process", "address", l.address, "hub", l.last, "err", err, "retry", delay)
	default:
		l.svc.log.Warn("no hub", "address", l.address, "hub", l.last, "err", err, "retry", delay)
	}
	l.text = err.Error()
}

// worthWaiting reports whether a process that closes should come back to its hub to
// say what it has to say.
func (l *link) worthWaiting() bool { return l.att != nil && l.att.ctx.Err() == nil && l.att.busy() }

// drop ends the last attachment, if there is one.
func (l *link) drop(cause error) {
	if l.att != nil {
		l.att.end(cause)
		l.att = nil
		l.svc.hubs.nudge() // another address may lead to its hub
	}
}

// serveOnce attaches and stays until the stream ends.
func (l *link) serveOnce() error {
	if l.att != nil && !l.att.wake() {
		l.drop(ErrLeaseLost)
	}
	resume := l.att
	if resume == nil && l.svc.life.isClosing() {
		return nil
	}
	l.freed = l.svc.hubs.whenFreed()
	st, hangUp, err := l.attach(resume)
	if err != nil {
		return l.notAttached(err)
	}
	defer hangUp()
	hub := st.att.peer.hubID
	l.svc.log.Info("attached", "hub", hub, "address", l.address, "instance", l.svc.opts.InstanceID, "resumed", resume == st.att)
	l.run.attached.Store(true)
	l.run.accepted(l)
	l.last, l.expected, l.text = hub, hub, ""
	l.svc.hubs.see(l, func(v *HubStatus) { v.HubID, v.Attached, v.Err = hub, true, nil })
	if hook := l.svc.opts.Trace.Attached; hook != nil {
		hook(hub)
	}
	began := time.Now()
	err = st.serve(l.svc.life.closing.Done())
	if time.Since(began) >= st.heartbeat {
		l.again.attempt = 0
	}
	return l.streamEnded(st, err)
}

// streamEnded decides what becomes of the attachment.
func (l *link) streamEnded(st *stream, err error) error {
	hub := st.att.peer.hubID
	l.svc.hubs.see(l, func(v *HubStatus) { v.Attached, v.Err = false, err })
	resumable := err != nil && mayResume(err) && len(st.att.id) > 0
	if resumable {
		st.att.suspend() // before anybody may take the hub for lost
	}
	replaced := l.svc.hubs.ended(l, st.att.peer)
	if hook := l.svc.opts.Trace.Detached; hook != nil {
		hook(hub, err)
	}
	switch {
	case replaced:
		l.drop(ErrLeaseLost) // the hub has given it up for the other link's
		return errAlias
	case !resumable && l.svc.life.isClosing():
		l.drop(ErrClosed)
	case !resumable:
		l.drop(ErrLeaseLost)
	}
	return err
}

// notAttached is what an attempt without a welcome leads to.
func (l *link) notAttached(err error) error {
	var anew *anewError
	switch {
	case errors.Is(err, errNotResumed), errors.Is(err, errAlias):
		l.drop(ErrLeaseLost) // it does not lead to that hub any more
		return err
	case errors.As(err, &anew):
		l.again.attempt = 0
	}
	if l.att != nil {
		l.att.suspend()
	}
	err = browserPort(l.address, err)
	l.svc.hubs.see(l, func(v *HubStatus) { v.Err = err })
	return err
}
