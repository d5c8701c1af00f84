package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/request"
)

// believed returns a handshake without what its peer says of whom it speaks for, where that is no trusted proxy: neither the
// policy nor the application is to take it for true.
func (s *Server) believed(r *http.Request) *http.Request {
	r, ignored := s.proxies.Believed(r)
	if ignored {
		s.trace.forwardedIgnored()
		s.limits.forged.Warn("forwarded headers are ignored: their sender is no trusted proxy", "address", request.Cut(r.RemoteAddr, 100),
			"option", "http.trusted_proxies")
	}
	return r
}
