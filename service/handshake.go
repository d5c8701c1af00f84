package service

import (
	"net/http"
	"net/url"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Handshake is what the hub knows of the HTTP request that opened a browser's
// connection. It is the same for all namespaces of that connection, never
// changes, and may be read at the same time.
type Handshake struct{ h *hubv1.Handshake }

// URL is path and query of the request as sent.
func (h *Handshake) URL() string { return h.h.GetUrl() }

// Header returns the header lines, a new map on each call.
func (h *Handshake) Header() http.Header {
	header := make(http.Header, len(h.h.GetHeaders()))
	for _, line := range h.h.GetHeaders() {
		header[line.GetName()] = append(header[line.GetName()], line.GetValue())
	}
	return header
}

// Cookie returns the cookie of that name, or http.ErrNoCookie.
func (h *Handshake) Cookie(name string) (*http.Cookie, error) {
	return (&http.Request{Header: h.Header()}).Cookie(name)
}

// Query returns the parameters of the URL, a new map on each call.
func (h *Handshake) Query() url.Values {
	query := make(url.Values, len(h.h.GetQuery()))
	for _, p := range h.h.GetQuery() {
		query[p.GetName()] = []string{p.GetValue()}
	}
	return query
}

// RemoteAddress is the browser's address without a port.
func (h *Handshake) RemoteAddress() string { return h.h.GetRemoteAddress() }

// Origin is the Origin header; empty when there was none.
func (h *Handshake) Origin() string { return h.h.GetOrigin() }

// Transport is that of the first request: `polling`, `websocket` or `webtransport`.
func (h *Handshake) Transport() string { return h.h.GetTransport() }

// ProtocolVersion is the Engine.IO revision: 4, or 3 for Socket.IO clients 1 and 2.
func (h *Handshake) ProtocolVersion() int { return int(h.h.GetProtocolVersion()) }

// Secure reports whether the browser reached the hub itself over TLS.
func (h *Handshake) Secure() bool { return h.h.GetSecure() }

// IssueTime is when the request arrived.
func (h *Handshake) IssueTime() time.Time { return h.h.GetIssueTime().AsTime() }
