package engineio

import (
	"net/http"

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

// reportRefusal calls Config.OnRefused for a refusal, unless the request was for a session.
func (s *Server) reportRefusal(r *http.Request, f refusal) {
	report := s.config.OnRefused
	if report == nil || request.ParseQuery(r.URL.RawQuery).SID != "" {
		return
	}
	refused := Refusal{
		Code: int(f.code), Status: f.status, Message: request.Text(f.message),
		Origin:        request.Cut(r.Header.Get("Origin"), 200),
		RemoteAddress: request.Text(s.proxies.Sender(r).Address),
	}
	report(refused)
}
