package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/option"
)

// headerSlack is what net/http reads beyond MaxHeaderBytes before it answers 431.
const headerSlack = 4 << 10

// ConfigureHTTP sets the limits on an http.Server that this handler relies on and cannot set itself.
// Call it before the server starts:
//
//   - a size of the headers with the request line, else 431;
//   - a time for them: a connection that has not sent them by then is closed;
//   - a time for an idle connection;
//   - a time for the answer: a poll that is held for a whole heartbeat, or a POST for a pause, and 20 s to read it. It does
//     not concern a WebSocket, whose connection is no longer net/http's;
//   - no answer of net/http's own to `OPTIONS *`: it would wait for the body for ever.
//
// HTTP/1.1 is what the browser's listener supports; a WebSocket needs it.
func (s *Server) ConfigureHTTP(h *http.Server) {
	h.MaxHeaderBytes = option.HeaderBytes.Default - headerSlack
	h.ReadHeaderTimeout = option.HeaderTimeout.Default
	h.IdleTimeout = option.IdleTimeout.Default
	h.WriteTimeout = max(s.config.Heartbeat.Interval+s.config.Heartbeat.Timeout, PostHold) + WriteTimeout
	h.DisableGeneralOptionsHandler = true
	h.Protocols = new(http.Protocols)
	h.Protocols.SetHTTP1(true)
}
