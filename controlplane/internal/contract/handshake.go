package contract

import (
	"net/url"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

// HandshakeOf is a handshake in the contract's words.
func HandshakeOf(h *hub.Handshake) *hubv1.Handshake {
	if h == nil {
		return nil
	}
	m := &hubv1.Handshake{
		Url: h.URL(), RemoteAddress: h.RemoteAddress(), Origin: h.Origin(), Transport: h.Transport(),
		ProtocolVersion: uint32(h.ProtocolVersion()), Secure: h.Secure(), IssueTime: TimeOf(h.IssueTime()),
	}
	lines := 0
	for range h.Lines() {
		lines++
	}
	// One allocation for all lines: a browser sends a dozen, and each connect has them twice.
	headers := make([]hubv1.Header, lines)
	m.Headers = make([]*hubv1.Header, 0, lines)
	for name, value := range h.Lines() {
		line := &headers[len(m.Headers)]
		line.Name, line.Value = name, value
		m.Headers = append(m.Headers, line)
	}
	for name, value := range h.Parameters() {
		m.Query = append(m.Query, &hubv1.QueryParameter{Name: name, Value: value})
	}
	return m
}

// redacted stands in the place of a secret.
const redacted = "redacted"

// HandshakeFor is as much of a handshake as is asked for.
func HandshakeFor(h *hub.Handshake, detail hubv1.HandshakeDetail) *hubv1.Handshake {
	switch detail {
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL:
		return HandshakeOf(h)
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED:
		return redact(HandshakeOf(h))
	}
	return nil
}

// redact takes out what may be a secret.
func redact(h *hubv1.Handshake) *hubv1.Handshake {
	if h == nil {
		return nil
	}
	h.Url, _, _ = strings.Cut(h.Url, "?")
	for _, line := range h.Headers {
		switch line.Name {
		case "Authorization", "Cookie", "Proxy-Authorization":
			line.Value = redacted
		case "Referer": // its query has what the page's address has
			if u, err := url.Parse(line.Value); err == nil {
				u.RawQuery, u.Fragment, u.User = "", "", nil
				line.Value = u.String()
			}
		}
	}
	for _, p := range h.Query {
		switch p.Name {
		case "EIO", "transport", "t":
		default:
			p.Value = redacted
		}
	}
	return h
}

// TraceOf is the W3C trace context of a browser's opening request.
func TraceOf(h *hub.Handshake) (parent, state string) {
	for name, value := range h.Lines() {
		switch {
		case name == "Traceparent" && len(value) <= maxTraceparent:
			parent = value
		case name == "Tracestate" && len(value) <= maxTracestate:
			state = value
		}
	}
	if parent == "" {
		return "", ""
	}
	return parent, state
}

// Limits of a trace context, in bytes.
const (
	maxTraceparent = 128
	maxTracestate  = 512
)
