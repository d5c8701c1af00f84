package engineio

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// Handshake is the request that opened a session. It is immutable and may be used from any
// goroutine. Every text is valid UTF-8: a byte that is not was replaced by U+FFFD.
//
// There is one for each session for as long as it lives, so it is one string with marks in it;
// net/http's request, header map and buffers are let go.
type Handshake struct {
	// text is URL, remote address and origin, then each header line as key, NUL, value, NUL. No
	// header can hold a NUL: net/http refuses it, and those that reach us otherwise are replaced.
	text                     string
	urlEnd, remoteEnd, start int32 // where the first three end
	websocket, secure, b64   bool
	issued                   int64 // Unix time in milliseconds
}

// newHandshake keeps what is worth keeping of a request.
func newHandshake(r *http.Request, q query) *Handshake {
	h := &Handshake{
		websocket: q.transport == WebSocket,
		secure:    r.TLS != nil,
		b64:       q.base64,
		issued:    time.Now().UnixMilli(),
	}
	var b strings.Builder
	b.WriteString(cleanText(r.URL.RequestURI()))
	h.urlEnd = int32(b.Len())
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		b.WriteString(cleanText(host))
	}
	h.remoteEnd = int32(b.Len())
	b.WriteString(cleanText(r.Header.Get("Origin")))
	h.start = int32(b.Len())
	appendHeader(&b, "Host", r.Host)
	for key, values := range r.Header {
		for _, v := range values {
			appendHeader(&b, key, v)
		}
	}
	h.text = b.String()
	return h
}

func appendHeader(b *strings.Builder, key, value string) {
	b.WriteString(cleanText(key))
	b.WriteByte(0)
	b.WriteString(cleanText(value))
	b.WriteByte(0)
}

// cleanText is validText without NUL.
func cleanText(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return validText(s)
}

// URL is path and query as sent.
func (h *Handshake) URL() string { return h.text[:h.urlEnd] }

// Header is the request's header with Host, made anew by each call.
func (h *Handshake) Header() http.Header {
	header := make(http.Header)
	for rest := h.text[h.start:]; rest != ""; {
		var key, value string
		key, rest, _ = strings.Cut(rest, "\x00")
		value, rest, _ = strings.Cut(rest, "\x00")
		header[key] = append(header[key], value)
	}
	return header
}

// Query is the query string; of a repeated name the last value. Made anew by each call.
func (h *Handshake) Query() map[string]string {
	_, raw, _ := strings.Cut(h.URL(), "?")
	return queryMap(raw)
}

// RemoteAddress is the peer's address without its port. Empty when there is none.
func (h *Handshake) RemoteAddress() string { return h.text[h.urlEnd:h.remoteEnd] }

// Origin is the Origin header. Empty when there was none.
func (h *Handshake) Origin() string { return h.text[h.remoteEnd:h.start] }

// Transport is the transport of this request: `polling` or `websocket`.
func (h *Handshake) Transport() string {
	if h.websocket {
		return WebSocket
	}
	return Polling
}

// ProtocolVersion is the Engine.IO revision: 4.
func (h *Handshake) ProtocolVersion() int { return 4 }

// Secure reports whether the request reached this process over TLS. Behind a proxy that ends TLS it
// is false.
func (h *Handshake) Secure() bool { return h.secure }

// IssueTime is when the request arrived.
func (h *Handshake) IssueTime() time.Time { return time.UnixMilli(h.issued) }
