package socketio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// takeoverWait is how long a browser waits that comes back before the hub knows that it has left.
const takeoverWait = time.Second

// await goes on in the gate when nobody has a session any more, or in vain after takeoverWait. It reports false if nobody
// has it.
func (a *Attempt) await(session *recovery.Session, goOn, inVain func()) bool {
	s := a.client.server
	inGate := func(next func()) {
		a.client.post(func() {
			if a.state.Load() == stateOpen {
				next()
			}
		})
	}
	before := s.attendanceOf(session)
	return s.recovery.Await(session, func() { inGate(goOn) }, takeoverWait, func(w *recovery.Wait) {
		s.trace.guarded(func() {
			if !before.leave() && s.recovery.Forgo(w) {
				inGate(inVain)
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
func (s *Server) attendanceOf(session *recovery.Session) attendance {
	var at attendance
	if socket := socketOf(session); socket != nil {
		at.client = socket.client
	} else if holder, ok := s.recovery.Holder(session).(*client); ok {
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
