package engineio

import (
	"net/http"
	"time"
)

// ConfigureHTTP sets the limits on an http.Server that this handler relies on and cannot set itself.
// Call it before the server starts:
//
//   - headers of 16 KiB with the request line (net/http allows 4 KiB on top of its figure), else 431;
//   - 10 s for them: a connection that has not sent them by then is closed;
//   - 75 s for an idle connection;
//   - a time for the answer: a poll that is held for a whole heartbeat, or a POST for a pause, and 20 s to read it. It does
//     not concern a WebSocket, whose connection is no longer net/http's.
//
// HTTP/1.1 is what the browser's listener speaks; a WebSocket needs it.
func (s *Server) ConfigureHTTP(h *http.Server) {
	h.MaxHeaderBytes = 12 << 10
	h.ReadHeaderTimeout = 10 * time.Second
	h.IdleTimeout = 75 * time.Second
	h.WriteTimeout = max(s.config.PingInterval+s.config.PingTimeout, postHold) + writeTimeout
	h.Protocols = new(http.Protocols)
	h.Protocols.SetHTTP1(true)
}
