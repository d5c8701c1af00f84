package socketio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// takeoverWait is how long a browser waits that comes back before the hub knows that it has left.
const takeoverWait = time.Second

// await goes on in the gate when a live session has left, or after takeoverWait. It reports false if it is not live any
// more.
func (a *Attempt) await(live *recovery.Session, goOn func()) bool {
	s := a.client.server
	inGate := func() {
		a.client.post(func() {
			if a.state.Load() == stateOpen {
				goOn()
			}
		})
	}
	before := attendanceOf(live)
	return s.recovery.Await(live, inGate, takeoverWait, func(w *recovery.Wait) {
		s.trace.guarded(func() {
			if !before.leave() && s.recovery.Forgo(w) {
				inGate()
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

func attendanceOf(session *recovery.Session) attendance {
	socket := socketOf(session)
	if socket == nil {
		return attendance{}
	}
	at := attendance{client: socket.client}
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
