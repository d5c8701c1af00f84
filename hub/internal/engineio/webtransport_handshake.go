package engineio

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/request"
)

// How a browser begins over WebTransport:
//
//	browser                        server
//	CONNECT (HTTP/3) ────────────► 200, or what a handshake over polling would be refused with
//	(opens a bidirectional stream)
//	0 ───────────────────────────► 0{"sid":…}   a new session
//
//	0{"sid":"…"} ────────────────►              an upgrade, which goes on as one to WebSocket does
//	2probe ──────────────────────► 3probe
//	5 ───────────────────────────► (queued packets)
//
// What is refused once the stream is there ends the WebTransport session, with the HTTP status as its code. The query of
// the request is not the session's: browsers leave it out.
//
// Source: reference 1.11.

// ServeWebTransport answers a request for a WebTransport session, and returns when its first packet has come, or has not in
// time. accept answers with 200 and returns the session with its first bidirectional stream, or an error when there is none
// in time.
func (s *Server) ServeWebTransport(w http.ResponseWriter, r *http.Request, accept func(patience time.Duration) (WebTransport, error)) {
	s.tasks.add()
	defer s.tasks.done()
	defer s.tasks.guardRequest()
	s.headers.all.set(w.Header())
	begun := time.Now()
	// Nothing that comes is the request's: what refuses one must not wait for its body.
	r = r.WithContext(r.Context())
	r.ContentLength = 0
	r = s.believed(r)
	q := webTransportQuery(r)
	if !admitWebTransport(s, w, r, q) {
		return
	}
	link, err := accept(s.config.Upgrade.Timeout)
	if err != nil {
		s.log.Debug("a WebTransport session opened no stream", "err", err)
		return
	}
	_ = link.SetReadDeadline(begun.Add(s.config.Upgrade.Timeout))
	wt := newWebTransport(link)
	sid, err := wt.reader.opening()
	if err != nil {
		s.log.Debug("a WebTransport session did not begin as it should", "err", err)
		wt.cut()
		return
	}
	_ = link.SetReadDeadline(time.Time{})
	answer := &webTransportAnswer{transport: wt}
	if sid == "" {
		s.open(answer, r, q)
		return
	}
	probeWebTransport(s, answer, r, sid)
}

// webTransportQuery is what the request asks for: a session of revision 4, whatever it is for.
func webTransportQuery(r *http.Request) request.Query {
	q := request.ParseQuery(r.URL.RawQuery)
	if q.EIO == "" {
		q.EIO, q.Revision = "4", eiopacket.Revision4
	}
	q.Transport, q.SID, q.Script = request.WebTransport, "", false
	return q
}

// admitWebTransport makes the checks of a handshake, in the order of verify. Where it says no the request is answered.
func admitWebTransport(s *Server, w http.ResponseWriter, r *http.Request, q request.Query) bool {
	if status := s.checkPath(r); status != 0 {
		s.refusals.deny(w, r, status)
		return false
	}
	switch s.policy.Check(r) {
	case origin.Malformed:
		s.refusals.refuse(w, r, refusal{code: codeBadRequest})
		return false
	case origin.Foreign:
		s.refusals.refuse(w, r, refusal{code: codeForbidden})
		return false
	}
	if s.registry.closed.Load() {
		s.refusals.deny(w, r, http.StatusServiceUnavailable)
		return false
	}
	refusal, ok := verifyWebTransport(s, r, q)
	switch {
	case ok:
	case refusal.code < 0:
		s.refusals.deny(w, r, refusal.status)
	default:
		s.refusals.refuse(w, r, refusal)
	}
	return ok
}

// verifyWebTransport is verify for a WebTransport session.
func verifyWebTransport(s *Server, r *http.Request, q request.Query) (refusal, bool) {
	switch {
	case !slices.Contains(s.config.Transports, request.WebTransport):
		return refusal{code: codeUnknownTransport}, false
	case len(r.URL.RawQuery) > s.config.Limits.QueryBytes:
		return refusal{code: codeNone, status: http.StatusRequestURITooLong}, false
	case q.Revision != eiopacket.Revision4:
		return refusal{code: codeBadVersion}, false
	}
	return s.admit(r)
}

// opening reads the first packet: of which session this is to be an upgrade, "" for a new one.
func (r *webTransportReader) opening() (sid string, err error) {
	p, err := r.short()
	switch {
	case err != nil:
		return "", err
	case p.Type != eiopacket.Open:
		return "", &parseError{eiopacket.ErrType}
	case len(p.Data) == 0:
		return "", nil
	}
	var data struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal(p.Data, &data); err != nil {
		return "", &parseError{err}
	}
	if data.SID == "" {
		return "", &parseError{eiopacket.ErrEmpty}
	}
	return data.SID, nil
}

// openWebTransport answers with the open packet.
func openWebTransport(session *Session, w http.ResponseWriter, _ *http.Request) {
	wt := w.(*webTransportAnswer).transport
	wt.session = session
	if !wt.attach() { // the server was closed meanwhile
		wt.cut()
		session.uncount()
		return
	}
	session.begin()
	session.flush()
	wt.start()
}

// probeWebTransport takes a WebTransport for a session that exists. Where there is nothing to upgrade it is closed.
func probeWebTransport(s *Server, w *webTransportAnswer, r *http.Request, sid string) {
	session := s.registry.find(sid)
	if session == nil || s.heartbeat.expire(session) {
		if s.limits.guesses(s.proxies.Sender(r).Address) {
			s.refusals.deny(w, r, http.StatusTooManyRequests)
			return
		}
		s.refusals.refuse(w, r, refusal{code: codeUnknownSession})
		return
	}
	if revision3(session) {
		s.refusals.refuse(w, r, refusal{code: codeBadVersion})
		return
	}
	wt := w.transport
	wt.session = session
	p := &probe{carrier: webTransportProbe{wt}, session: session}
	if !p.begin() {
		wt.cut()
		return
	}
	s.tasks.start(p.run)
}

// webTransportAnswer takes the answer to a handshake whose request has been answered long ago: it ends the WebTransport
// session, with the status and the text. That of success is the open packet.
type webTransportAnswer struct {
	transport *webTransport
	header    http.Header
	status    int
}

// Header implements http.ResponseWriter. Nobody reads it.
func (a *webTransportAnswer) Header() http.Header {
	if a.header == nil {
		a.header = make(http.Header)
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *webTransportAnswer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *webTransportAnswer) Write(text []byte) (int, error) {
	a.transport.link.Close(a.status, string(text))
	return len(text), nil
}
