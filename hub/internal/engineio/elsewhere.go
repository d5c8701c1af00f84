package engineio

import (
	"context"
	"net"
	"net/http"

	"github.com/siohub/siohub/hub/internal/peers"
	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/hub/internal/request"
)

// Elsewhere answers requests for sessions of other servers, which their ids name. Its methods may be called at the same time.
type Elsewhere interface {
	// Has reports whether a session id names another server, which may be there or not. It is asked once for each request of a
	// browser that has one.
	Has(sid string) bool
	// Serve answers a request whose session id names another server. Not all checks have been made, which are the
	// other server's. from is who has sent it. An outcome other than Answered says that nothing has been written.
	Serve(w http.ResponseWriter, r *http.Request, sid string, from request.Sender) Outcome
}

// Outcome says what has become of a request for a session of another server.
type Outcome int

// The outcomes.
const (
	// Answered: there is nothing left to do.
	Answered Outcome = iota
	// Unknown: there is no such server, or none that can be reached. The request is answered as one for a session that
	// there is not.
	Unknown
	// Busy: there are too many requests for other servers already. The answer is 503.
	Busy
)

// passedOnKey marks the context of a request that another server has passed on.
type passedOnKey struct{}

// PassedOn returns a request as one that another server has passed on: it is not passed on again.
func PassedOn(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), passedOnKey{}, true))
}

// isPassedOn reports whether another server has passed a request on.
func isPassedOn(r *http.Request) bool { return r.Context().Value(passedOnKey{}) != nil }

// passOn lets another server answer a request for a session of its own. False: it is to be answered here, and its session is
// unknown. Headers that have been set for the answer are left out of one that comes from there, which has its own.
func (s *Server) passOn(w http.ResponseWriter, r *http.Request, sid string) (answered bool) {
	if s.config.Others.Elsewhere == nil || isPassedOn(r) || !s.config.Others.Elsewhere.Has(sid) {
		return false
	}
	if len(r.URL.RawQuery) > s.config.Limits.QueryBytes {
		s.refusals.session.deny(w, r, http.StatusRequestURITooLong)
		return true
	}
	clear(w.Header())
	outcome := s.config.Others.Elsewhere.Serve(w, r, sid, s.proxies.Sender(r))
	if outcome == Answered {
		return true
	}
	s.headers.all.set(w.Header())
	if outcome == Busy {
		s.refusals.session.deny(w, r, http.StatusServiceUnavailable)
	}
	return outcome == Busy
}

// Keep takes over what the connection of a browser counts for, if it came by Listener: leave, which is nil otherwise, is to be
// called once the browser has gone.
func (s *Server) Keep(conn net.Conn) (leave func()) {
	network := peers.Keep(below(conn))
	if network == rates.Unlimited {
		return nil
	}
	return func() { s.limits.peers.Left(network) }
}

// ReleasePoll answers the poll of a session that waits, so that the browser comes again, perhaps by another way. Where none
// waits it does nothing.
func (s *Server) ReleasePoll(sid string) {
	session := s.registry.find(sid)
	if session == nil {
		return
	}
	session.mu.Lock()
	t, polls := session.transport.(*polling)
	var waiting *poll
	if polls {
		waiting = t.poll
	}
	session.mu.Unlock()
	if waiting != nil {
		t.release(waiting)
	}
}
