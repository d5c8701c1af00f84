package engineio

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// How a browser begins over WebTransport:
//
//	browser                        server
//	CONNECT (HTTP/3) ────────────► 200, or what any request would be refused with
//	(opens a bidirectional stream)
//	0 ───────────────────────────► 0{"sid":…}   a new session, unless the handshake is refused
//
//	0{"sid":"…"} ────────────────►              an upgrade, which goes on as one to WebSocket does
//	2probe ──────────────────────► 3probe
//	5 ───────────────────────────► (queued packets)
//
// What is refused once the stream is there ends the WebTransport session, with the HTTP status as its code. The query of
// the request is not the session's: browsers leave it out. So until the first packet has come every request is taken for
// a handshake, but for what is asked of those alone (checks.admit).
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
	if f, ok := passWebTransport(s, r, q); !ok {
		s.refusals.answer(w, r, f)
		return
	}
	link, err := accept(s.config.Upgrade.Timeout)
	if err != nil {
		s.log.Debug("a WebTransport session opened no stream", "err", err)
		return
	}
	_ = link.SetReadDeadline(begun.Add(s.config.Upgrade.Timeout))
	wt := newWebTransport(link)
	settled := false
	defer func() {
		if !settled { // also after a panic: nobody else knows of it
			wt.cut()
		}
	}()
	sid, err := wt.reader.opening()
	if err != nil {
		s.log.Debug("a WebTransport session did not begin as it should", "err", err)
		return
	}
	_ = link.SetReadDeadline(time.Time{})
	answer := &webTransportAnswer{transport: wt}
	if sid != "" {
		probeWebTransport(s, answer, r, sid)
	} else if f, ok := checksOf(s).admit(r); !ok {
		s.refusals.answer(answer, r, f)
	} else {
		s.open(answer, r, q)
	}
	settled = true
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

// passWebTransport makes the checks of a request, in the order of verify.
func passWebTransport(s *Server, r *http.Request, q request.Query) (refusal, bool) {
	if f, ok := checksOf(s).pass(r, s.policy.Check); !ok {
		return f, false
	}
	switch {
	case s.registry.closed.Load():
		return refusal{code: codeNone, status: http.StatusServiceUnavailable}, false
	case !slices.Contains(s.config.Transports, request.WebTransport):
		return refusal{code: codeUnknownTransport}, false
	case len(r.URL.RawQuery) > s.config.Limits.QueryBytes:
		return refusal{code: codeNone, status: http.StatusRequestURITooLong}, false
	case q.Revision != eiopacket.Revision4:
		return refusal{code: codeBadVersion}, false
	}
	return refusal{}, true
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
	if !session.attach(wt, func() {}) { // the server was closed meanwhile
		wt.cut()
		return
	}
	session.introduce(wt.start)
}

// probeWebTransport takes a WebTransport for a session that exists. Where there is nothing to upgrade it is closed.
func probeWebTransport(s *Server, w *webTransportAnswer, r *http.Request, sid string) {
	session, f, ok := checksOf(s).lookUp(r, sid)
	if ok && revision3(session) {
		f, ok = refusal{code: codeBadVersion}, false
	}
	if !ok {
		s.refusals.session.answer(w, r, f)
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
