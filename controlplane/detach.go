package controlplane

import (
	"time"
)

// detach says what becomes of an attachment whose stream has ended: it is over, or it
// is suspended and may be resumed.
func (t *attaching) detach(st *stream) {
	a := st.attachment
	if !a.isOn(st) {
		return // another stream goes on with it
	}
	if st.final() {
		if a.close() {
			a.lease.Load().Detach(st.leaves())
			t.leave(a)
		}
		// What waits is sent by sendLoop, which then ends.
		a.out.Withdraw()
		a.out.Finish()
		return
	}
	if !a.suspend(st) {
		if a.isClosed() { // another process took the instance over at this moment
			a.out.Fail()
		}
		return // or another stream has just taken it over
	}
	a.out.Queue.Pause()
	a.lease.Load().Detach(false)
	if !a.numbered || a.lossy.Load() {
		// It cannot be resumed: its results have nobody to go to.
		a.out.Fail()
	}
}

// replaced ends an attachment whose instance id belongs to another process by now.
func (t *attaching) replaced(a *attachment) {
	if a == nil || !a.close() {
		return
	}
	if st := a.current(); st != nil {
		st.end(errFenced) // its own end lets go of what waits
		return
	}
	a.out.Fail()
}

// tendAttachments ends those that were suspended for so long that nobody waits for
// them any more. The janitor calls it.
func (t *attaching) tendAttachments(g *group, now time.Time) {
	for _, a := range t.srv.routes.present(g) {
		if a.expire(now, t.srv.config.Stream.Suspend) {
			t.leave(a)
			a.out.Fail()
		}
	}
}

// leave takes an attachment that is over out of its group. Another group may decide now
// about attempts that waited for it.
func (t *attaching) leave(a *attachment) {
	t.srv.routes.leave(a)
	t.srv.connects.reroute()
}

// drained reports whether a draining instance has nothing unsettled and no open
// result.
func (a *attachment) drained() bool {
	return a.draining.Load() && a.lease.Load().Drained() && a.window.used.Load() == 0 && a.out.Queue.Len() == 0
}
