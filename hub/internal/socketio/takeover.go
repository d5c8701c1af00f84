package socketio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// takeoverWait is how long a browser waits that comes back before the hub knows that it has left.
const takeoverWait = time.Second

// maxTakeovers is how often a browser waits for one that has its session: of a browser whose connections broke while it
// came back each may be about to take it up.
const maxTakeovers = 3

// claimant is whoever wants a session: a browser here, or another hub for one that has come there.
type claimant struct {
	of *comeback
	// holder is who has reserved it then. A *client can be looked at.
	holder any
	// goOn runs something later, if it is still of use. It may be called on any goroutine.
	goOn func(func())
}

// onClaim is told what comes of a claim. One of them is called, once.
type onClaim struct {
	taken func(*recovery.Session)
	// none: there is no such session here. busy: somebody has it, who is there.
	none, busy func()
}

// reserve reserves a session, at once or when whoever has it has left.
func (c claimant) reserve(pid, namespace string, then onClaim) {
	c.try(pid, namespace, maxTakeovers, then)
}

func (c claimant) try(pid, namespace string, waits int, then onClaim) {
	session, taken := c.of.recovery.Reserve(pid, namespace, c.holder)
	again := func(waits int) func() { return func() { c.try(pid, namespace, waits, then) } }
	switch {
	case taken:
		then.taken(session)
	case session == nil:
		then.none()
	case waits == 0:
		then.busy()
	case !c.await(session, again(waits-1), again(0)):
		c.try(pid, namespace, waits-1, then) // it has left just now
	}
}

// await goes on when nobody has a session any more, or in vain after takeoverWait. It reports false if nobody has it.
func (c claimant) await(session *recovery.Session, goOn, inVain func()) bool {
	before := c.of.attendanceOf(session)
	return c.of.recovery.Await(session, func() { c.goOn(goOn) }, takeoverWait, func(w *recovery.Wait) {
		c.of.trace.guarded(func() {
			if !before.leave() && c.of.recovery.Forgo(w) {
				c.goOn(inVain)
			}
		})()
	})
}

// attendance is what was seen of the browser that has a session. Over polling, where a broken connection shows only while
// a request is there, one without any request for all of takeoverWait has gone.
type attendance struct {
	client   *client // nil: it has left just now
	requests uint32
	there    bool
}

// attendanceOf looks at the browser that has a session, or is about to take it up.
func (c *comeback) attendanceOf(session *recovery.Session) attendance {
	var at attendance
	if socket := socketOf(session); socket != nil {
		at.client = socket.client
	} else if holder, ok := c.recovery.Holder(session).(*client); ok {
		at.client = holder
	} else {
		return at
	}
	at.requests, at.there = at.client.session.Attendance()
	return at
}

// leave closes the connection of a browser of which nothing was seen since, and reports whether it did: whoever waits for
// its session hears of that.
func (at attendance) leave() bool {
	if at.client == nil || at.there {
		return false
	}
	if requests, there := at.client.session.Attendance(); there || requests != at.requests {
		return false
	}
	at.client.post(func() {
		at.client.close(Disconnect{
			Reason: string(engineio.ReasonTransportError), Detail: "the browser has come back over another connection",
		})
	})
	return true
}

// socketOf is the socket that has a session, nil while it is away.
func socketOf(session *recovery.Session) *Socket {
	k := keptOf(session)
	k.namespace.recovering.mu.Lock()
	defer k.namespace.recovering.mu.Unlock()
	return k.socket
}
