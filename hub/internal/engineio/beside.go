package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// A protocol that is older than Engine.IO (package v09) has its requests below the same path, and sessions that are like all
// others: over a Stream, whose other end it serves itself. A Beside is all that it needs.

// Beside is the server as a protocol beside Engine.IO sees it. Its methods may be called at the same time.
type Beside struct{ server *Server }

// Beside returns the server as a protocol beside it sees it.
func (s *Server) Beside() Beside { return Beside{s} }

// Stream is a WebTransport whose packets reach the browser in another way.
type Stream interface {
	WebTransport
	// Transport is what is said to carry the session at this moment. It must not call the server.
	Transport() string
}

// beside is the opener of sessions over a Stream. It is no transport that a browser can ask for.
const beside = "beside"

// Serve makes the checks that every request has, and calls serve with it where they say yes. handshake says that it asks for
// a session.
func (b Beside) Serve(w http.ResponseWriter, r *http.Request, handshake bool, serve http.HandlerFunc) {
	s := b.server
	s.tasks.add()
	defer s.tasks.done()
	defer s.tasks.guardRequest()
	s.headers.all.set(w.Header())
	refusals := s.refusals.session
	if handshake {
		refusals = s.refusals
		r = s.believed(r)
	}
	if f, ok := checksOf(s).pass(r, s.policy.Check); !ok {
		refusals.answer(w, r, f)
		return
	}
	if s.policy.Preflight(w, r) {
		return
	}
	if len(r.URL.RawQuery) > s.config.Limits.QueryBytes {
		refusals.deny(w, r, http.StatusRequestURITooLong)
		return
	}
	serve(w, r)
}

// OpenStream opens a session of revision 4 over a stream, whose first packet is the open packet, for a request that
// Serve has let through. It is admitted, limited and counted as any handshake, and its handshake says polling. Where ok is
// false the request has been answered; else the caller does that, and the answer's headers have what a handshake's have.
func (b Beside) OpenStream(w http.ResponseWriter, r *http.Request, stream Stream) (sid string, ok bool) {
	s := b.server
	switch {
	case r.Method != http.MethodGet:
		s.refusals.refuse(w, r, refusal{code: codeBadMethod})
		return "", false
	case r.ContentLength != 0 || wantsWebSocket(r):
		s.refusals.refuse(w, r, refusal{code: codeBadRequest})
		return "", false
	}
	if f, ok := checksOf(s).admit(r); !ok {
		s.refusals.answer(w, r, f)
		return "", false
	}
	answer := &besideAnswer{ResponseWriter: w, stream: stream}
	s.open(answer, r, request.Query{EIO: "4", Revision: eiopacket.Revision4, Transport: beside})
	return answer.sid, answer.sid != ""
}

// besideAnswer is the answer to a handshake whose session has a stream.
type besideAnswer struct {
	http.ResponseWriter
	stream Stream
	sid    string // of the session, once it is open
}

// openBeside lets the stream carry the session.
func openBeside(session *Session, w http.ResponseWriter, r *http.Request) {
	a, s := w.(*besideAnswer), session.server
	wt := newWebTransport(a.stream)
	wt.session = session
	if !session.attach(wt, func() {}) { // the server was closed meanwhile
		wt.cut()
		s.refusals.deny(w, r, http.StatusServiceUnavailable)
		return
	}
	s.decorateHandshake(w.Header(), session.id)
	a.sid = session.id
	session.introduce(wt.start)
}

// Guesses counts a request for a session that there is not, and reports whether its address makes so many of them that it is to be
// refused with 429.
func (b Beside) Guesses(r *http.Request) bool {
	return b.server.limits.guesses(b.server.proxies.Sender(r).Address)
}

// PassOn lets another server answer a request whose session id names it, and reports whether the request has been answered.
func (b Beside) PassOn(w http.ResponseWriter, r *http.Request, sid string) (answered bool) {
	return b.server.passOn(w, r, sid)
}

// Start runs f on a goroutine that Close waits for. A panic in it is counted and logged, and ends that goroutine alone.
func (b Beside) Start(f func()) { b.server.tasks.start(f) }

// Deny answers a request of a session with a status and without a body, and counts that.
func (b Beside) Deny(w http.ResponseWriter, r *http.Request, status int) {
	b.server.refusals.session.deny(w, r, status)
}

// Decorate is Server.Decorate.
func (b Beside) Decorate(w http.ResponseWriter, r *http.Request) { b.server.Decorate(w, r) }

// Ended is an error of a Stream's Read that says how the session ends.
func Ended(c Close) error { return &ended{c} }

type ended struct{ how Close }

func (e *ended) Error() string { return e.how.Detail }
