package engineio

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/rules"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// checks are what a request has to pass before it is served. Each says what is wrong with it, if anything is.
type checks struct{ *Server }

func checksOf(s *Server) checks { return checks{s} }

// checkPath returns the status for a request that is none of Engine.IO's, or 0.
func (s checks) checkPath(r *http.Request) int {
	path := r.URL.Path
	switch {
	case strings.Contains(path, "/.."):
		return http.StatusNotFound
	case strings.HasPrefix(path, s.path):
	case s.config.NoTrailingSlash && path == s.path[:len(s.path)-1]:
	default:
		return http.StatusNotFound
	}
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	if lines > s.config.Limits.Headers {
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return 0
}

// pass makes the checks of every request, whatever it is for.
func (s checks) pass(r *http.Request, check func(*http.Request) origin.Verdict) (refusal, bool) {
	if status := s.checkPath(r); status != 0 {
		return refusal{code: codeNone, status: status}, false
	}
	switch check(r) {
	case origin.Malformed:
		return refusal{code: codeBadRequest}, false
	case origin.Foreign:
		return refusal{code: codeForbidden}, false
	}
	return refusal{}, true
}

// lookUp returns the session that a request names.
func (s checks) lookUp(r *http.Request, sid string) (*Session, refusal, bool) {
	if session := s.registry.find(sid); session != nil && !s.heartbeat.expire(session) {
		return session, refusal{}, true
	}
	if s.limits.guesses(s.proxies.Sender(r).Address) {
		return nil, refusal{code: codeNone, status: http.StatusTooManyRequests}, false
	}
	return nil, refusal{code: codeUnknownSession}, false
}

// speaks reports whether a request may name a transport.
func (s checks) speaks(transport string) bool {
	return transport != request.WebTransport && slices.Contains(s.config.Transports, transport)
}

// verify makes the checks of Engine.IO in the reference's order, so that a request with several faults
// gets the same answer. It returns the session that the request is for, nil for a handshake.
//
// Source: reference 1.3; reliability (c), HTTP.
func (s checks) verify(r *http.Request, q request.Query) (*Session, refusal, bool) {
	if !s.speaks(q.Transport) {
		return nil, refusal{code: codeUnknownTransport}, false
	}
	upgrade := wantsWebSocket(r)
	var session *Session
	if q.SID != "" {
		var f refusal
		var ok bool
		if session, f, ok = s.lookUp(r, q.SID); !ok {
			return nil, f, false
		}
	}
	if len(r.URL.RawQuery) > s.config.Limits.QueryBytes {
		return nil, refusal{code: codeNone, status: http.StatusRequestURITooLong}, false
	}
	if session != nil {
		f, ok := verifySession(r, q, session, upgrade)
		return session, f, ok
	}
	f, ok := s.verifyHandshake(r, q, upgrade)
	return nil, f, ok
}

// verifySession checks a request of a session that exists.
func verifySession(r *http.Request, q request.Query, session *Session, upgrade bool) (refusal, bool) {
	switch {
	case upgrade != (q.Transport == request.WebSocket):
		return refusal{code: codeBadRequest}, false
	case !upgrade && session.TransportName() != q.Transport:
		return refusal{code: codeBadRequest}, false
	case q.EIO == "":
		// The revision is fixed by the handshake, and none is another one.
		return refusal{code: codeBadRequest}, false
	case q.Revision != session.Handshake().Revision():
		return refusal{code: codeBadVersion}, false
	case !upgrade && r.Method != http.MethodGet && r.Method != http.MethodPost:
		return refusal{code: codeNone, status: http.StatusMethodNotAllowed}, false
	case !upgrade && r.Method == http.MethodGet && r.ContentLength != 0:
		// While a body may still come, net/http does not notice that the browser has gone.
		return refusal{code: codeBadRequest}, false
	}
	return refusal{}, true
}

// verifyHandshake checks a request that wants a session.
func (s checks) verifyHandshake(r *http.Request, q request.Query, upgrade bool) (refusal, bool) {
	switch {
	case r.Method != http.MethodGet:
		return refusal{code: codeBadMethod}, false
	case upgrade != (q.Transport == request.WebSocket), r.ContentLength != 0:
		return refusal{code: codeBadRequest}, false
	}
	if f, ok := s.admit(r); !ok {
		return f, false
	}
	if !s.supports(q.Revision) {
		return refusal{code: codeBadVersion}, false
	}
	return refusal{}, true
}

// admit asks the rules of the configuration, and then the program around the hub.
//
// Source: reference 1.1, allowRequest.
func (s checks) admit(r *http.Request) (refusal, bool) {
	c := &s.config.Handshakes
	if !c.Rules.Empty() {
		from := s.proxies.Sender(r)
		if i, message := c.Rules.Judge(r, from); i >= 0 {
			s.trace.limitReached(rules.Key)
			s.limits.ruled.Warn("handshakes are refused by a rule", "option", fmt.Sprintf("%s[%d]", rules.Key, i), "address", from.Address)
			return refusal{code: codeForbidden, message: message}, false
		}
	}
	if c.AllowRequest != nil {
		if err := c.AllowRequest(r); err != nil {
			return refusal{code: codeForbidden, message: err.Error()}, false
		}
	}
	return refusal{}, true
}

// supports reports whether a session of a revision may begin.
func (s checks) supports(revision eiopacket.Revision) bool {
	if revision != eiopacket.Revision3 {
		return revision == eiopacket.Revision4
	}
	if !s.config.AllowRevision3 {
		s.limits.revision3.Warn("browsers are refused: clients of protocol version 3 (Socket.IO 1 and 2) are not allowed", "option", "allow_eio3")
	}
	return s.config.AllowRevision3
}

// open answers a handshake: it makes a session and sends the open packet. The answer to a poll is
// written like that to any other; over WebSocket the open packet leaves with the 101.
//
// Spec: engine.io-protocol v4, Handshake.
func (s *Server) open(w http.ResponseWriter, r *http.Request, q request.Query) {
	sender := s.proxies.Sender(r)
	if status, retry := s.limits.refuseHandshake(sender.Address); status != 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
		s.refusals.deny(w, r, status)
		return
	}
	session := newSession(s)
	session.handshake.Store(request.NewHandshake(r, q, sender))
	if q.Transport == request.Polling {
		session.transport = &polling{session: session} // before anybody can find the session
	}
	if !s.registry.add(session) {
		session.Joined() // it is counted no more
		if !s.registry.closed.Load() {
			s.trace.limitReached("limits.max_sessions")
			s.limits.noRoom.Warn("browsers are refused: there are as many as allowed", "option", "limits.max_sessions")
		}
		s.refusals.deny(w, r, http.StatusServiceUnavailable)
		return
	}
	s.limits.arrived(session.Handshake().RemoteAddress())
	openers[q.Transport](session, w, r)
}

// openPolling answers with the first payload.
func openPolling(session *Session, w http.ResponseWriter, r *http.Request) {
	s := session.server
	s.decorateHandshake(w.Header(), session.id)
	session.control(s.openPacket(session.id, request.Polling))
	if revision3(session) {
		openAlone(session, w, r)
		return
	}
	session.begin()
	s.servePolling(w, r, session)
}

// openWebSocket answers with 101.
func openWebSocket(session *Session, w http.ResponseWriter, r *http.Request) {
	s := session.server
	header := make(http.Header)
	s.headers.all.set(header)
	s.decorateHandshake(header, session.id)
	ws := s.accept(w, r, session, header, s.refusals)
	if ws == nil {
		session.uncount()
		return
	}
	if revision3(session) {
		ws.answerAlone()
	}
	if !session.attach(ws, func() { ws.moveToPoller() }) { // the server was closed meanwhile
		ws.reject()
		return
	}
	session.introduce(ws.start)
}

// attach makes t the transport of a new session and queues the open packet; ready comes before anybody can write. False: the
// session has ended already, and is counted no more.
func (s *Session) attach(t transport, ready func()) bool {
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		s.uncount()
		return false
	}
	defer s.mu.Unlock()
	s.transport = t
	ready()
	s.out.add(s.server.openPacket(s.id, t.name()), true)
	return true
}

// introduce lets the application know a session that is attached. The reader starts last: nothing is read before. Where the
// application panics the session ends, and its reader clears up.
func (s *Session) introduce(start func()) {
	known := false
	defer func() {
		if !known {
			s.end(Close{Reason: ReasonTransportError, Detail: "internal error"}, endAbort)
		}
		start()
	}()
	s.begin()
	s.flush()
	known = true
}

// openPacket is the first packet of a session.
//
// Spec: engine.io-protocol v4, Handshake.
func (s *Server) openPacket(sid string, transport string) *Message {
	c := &s.config
	o := eiopacket.OpenData{
		SID:          sid,
		PingInterval: c.Heartbeat.Interval.Milliseconds(),
		PingTimeout:  c.Heartbeat.Timeout.Milliseconds(),
		MaxPayload:   c.MaxPayload,
	}
	if transport == request.Polling {
		o.Upgrades = s.upgrades
	}
	return NewMessage(eiopacket.AppendOpen(make([]byte, wsframe.Headroom, 128), o), false, false)
}
