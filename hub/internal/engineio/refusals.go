package engineio

import (
	"encoding/json"
	"html"
	"net/http"

	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/request"
)

// Refusal is a handshake that was refused. Every text is valid UTF-8.
type Refusal struct {
	// Code is the Engine.IO error code, -1 for an answer without one. Status is the HTTP status.
	Code, Status int
	// Message is the text of the answer. Empty without a code.
	Message string
	// Origin is the Origin header, RemoteAddress the browser's address without its port. Empty: there was none.
	Origin, RemoteAddress string
}

// refusals answers what is not allowed, of handshakes. It does not change.
type refusals struct {
	trace   *Trace
	policy  *origin.Policy
	proxies request.Proxies
	told    func(Refusal) // HandshakesConfig.OnRefused, may be nil
	session *refusals     // the same for requests of a session, of which nobody is told; itself there
}

// newRefusals returns a server's.
func newRefusals(s *Server) *refusals {
	session := &refusals{trace: s.trace, policy: s.policy, proxies: s.proxies}
	session.session = session
	n := *session
	n.told = s.config.Handshakes.OnRefused
	return &n
}

// of is for a request that names a session, or none.
func (n *refusals) of(sid string) *refusals {
	if sid != "" {
		return n.session
	}
	return n
}

// answer refuses or denies, as f says.
func (n *refusals) answer(w http.ResponseWriter, r *http.Request, f refusal) {
	if f.code < 0 {
		n.deny(w, r, f.status)
		return
	}
	n.refuse(w, r, f)
}

// refuse answers with an Engine.IO error: JSON, or for an HTTP upgrade the bare message as text/html.
// The reference answers every refused upgrade with 400; a refusal by policy has its 403 here.
//
// Source: reference 1.3.
func (n *refusals) refuse(w http.ResponseWriter, r *http.Request, f refusal) {
	n.trace.refused(int(f.code))
	defer closeAfterAnswer(w, r)()
	if f.message == "" {
		f.message = codeText[f.code]
	}
	if f.status == 0 {
		f.status = http.StatusBadRequest
		if f.code == codeForbidden {
			f.status = http.StatusForbidden
		}
	}
	n.report(r, f)
	if wantsWebSocket(r) {
		w.Header().Set("Connection", "close")
		respond(w, r, f.status, typeHTML, []byte(html.EscapeString(f.message)))
		return
	}
	body, err := json.Marshal(struct {
		Code    code   `json:"code"`
		Message string `json:"message"`
	}{f.code, request.Text(f.message)})
	if err != nil {
		panic("engineio: a number and a text always marshal: " + err.Error())
	}
	n.policy.Decorate(w, r)
	respond(w, r, f.status, typeJSON, body)
}

// deny answers with an empty body.
func (n *refusals) deny(w http.ResponseWriter, r *http.Request, status int) {
	n.trace.denied(status)
	n.report(r, refusal{code: codeNone, status: status})
	defer closeAfterAnswer(w, r)()
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestURITooLong:
		w.Header().Set("Connection", "close")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, POST")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	if wantsWebSocket(r) {
		// Whoever wanted to leave HTTP has no further request. The reference closes the connection after a second.
		w.Header().Set("Connection", "close")
	}
	n.policy.Decorate(w, r)
	respond(w, r, status, typeText, nil)
}

// report calls HandshakesConfig.OnRefused.
func (n *refusals) report(r *http.Request, f refusal) {
	if n.told == nil {
		return
	}
	refused := Refusal{
		Code: int(f.code), Status: f.status, Message: request.Text(f.message),
		Origin:        request.Cut(r.Header.Get("Origin"), 200),
		RemoteAddress: request.Text(n.proxies.Sender(r).Address),
	}
	n.told(refused)
}
