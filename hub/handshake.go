package hub

import (
	"iter"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/request"
)

// Handshake is the HTTP request that opened a browser's session. It is the same for all namespaces of
// one connection. Every text is valid UTF-8: a byte that is not was replaced by U+FFFD.
type Handshake request.Handshake

func (h *Handshake) inner() *request.Handshake { return (*request.Handshake)(h) }

// URL is path and query as sent.
func (h *Handshake) URL() string { return h.inner().URL() }

// Header is the request's header, made anew by each call.
func (h *Handshake) Header() http.Header { return h.inner().Header() }

// Lines are the lines of Header in the order of their keys, without a map.
func (h *Handshake) Lines() iter.Seq2[string, string] { return h.inner().Lines() }

// Parameters are the names and values of Query in the order of the names, without a map.
func (h *Handshake) Parameters() iter.Seq2[string, string] { return h.inner().Parameters() }

// Query is the query string; of a repeated name the last value. Made anew by each call.
func (h *Handshake) Query() map[string]string { return h.inner().Query() }

// RemoteAddress is the browser's address without its port, see Config.Proxies. Empty when it has none.
func (h *Handshake) RemoteAddress() string { return h.inner().RemoteAddress() }

// Origin is the Origin header. Empty when there was none.
func (h *Handshake) Origin() string { return h.inner().Origin() }

// Transport is the transport of the first request: `polling`, `websocket` or `webtransport`.
func (h *Handshake) Transport() string { return h.inner().Transport() }

// ProtocolVersion is the Engine.IO revision that the browser speaks: 4, or 3 for Socket.IO clients 1 and 2. Of clients 0.9,
// which are older, it is 4 as well: they are translated.
func (h *Handshake) ProtocolVersion() int { return int(h.inner().Revision()) }

// Secure reports whether the browser speaks TLS, to the hub itself or to one of Config.Proxies that says so.
func (h *Handshake) Secure() bool { return h.inner().Secure() }

// IssueTime is when the request arrived.
func (h *Handshake) IssueTime() time.Time { return h.inner().IssueTime() }
