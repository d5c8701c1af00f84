package request

import (
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// Handshake is the request that opened a session. It is immutable and may be used from any
// goroutine. Every text is valid UTF-8: a byte that is not was replaced by U+FFFD.
//
// There is one for each session for as long as it lives, so it is one string with marks in it;
// net/http's request, header map and buffers are let go.
type Handshake struct {
	// text is URL, remote address and origin, then each header line as key, NUL, value, NUL, in the order of
	// the keys. No header can hold a NUL: net/http refuses it, and those that reach us otherwise are replaced.
	text                     string
	urlEnd, remoteEnd, start int32 // where the first three end
	transport                uint8 // of transports
	secure, base64           bool
	revision                 eiopacket.Revision
	issued                   int64 // Unix time in milliseconds
}

// NewHandshake copies what is asked for later of a request, with its query, and who it came from.
func NewHandshake(r *http.Request, q Query, from Sender) *Handshake {
	h := &Handshake{
		transport: uint8(max(0, slices.Index(transports[:], q.Transport))),
		secure:    from.Secure,
		base64:    q.Base64,
		revision:  q.Revision,
		issued:    time.Now().UnixMilli(),
	}
	const ordinary = 24 // more keys than a browser sends
	keys := append(make([]string, 0, ordinary), hostKey)
	url, origin := r.URL.RequestURI(), r.Header.Get("Origin")
	size := len(url) + len(from.Address) + len(origin) + len(hostKey) + len(r.Host) + 2
	for key, values := range r.Header {
		if key != hostKey {
			keys = append(keys, key)
		}
		for _, v := range values {
			size += len(key) + len(v) + 2
		}
	}
	slices.Sort(keys)
	var b strings.Builder
	b.Grow(size)
	b.WriteString(cleanText(url))
	h.urlEnd = int32(b.Len())
	b.WriteString(cleanText(from.Address))
	h.remoteEnd = int32(b.Len())
	b.WriteString(cleanText(origin))
	h.start = int32(b.Len())
	for _, key := range keys {
		if key == hostKey { // net/http keeps it apart
			appendHeader(&b, key, r.Host)
		}
		for _, v := range r.Header[key] {
			appendHeader(&b, key, v)
		}
	}
	h.text = b.String()
	return h
}

// Trimmed returns the handshake with as many header lines as fit into so many bytes: Host, and those with the given keys,
// before others. The keys are in the canonical form of net/http.
func (h *Handshake) Trimmed(most int, keys []string) *Handshake {
	if len(h.text) <= most {
		return h
	}
	free := most - int(h.start)
	retained := make(map[string]bool)
	for _, first := range []bool{true, false} {
		for key, value := range h.Lines() {
			size := len(key) + len(value) + 2
			if (key == hostKey || slices.Contains(keys, key)) == first && size <= free {
				free -= size
				retained[key+"\x00"+value] = true
			}
		}
	}
	var b strings.Builder
	b.Grow(max(most-free, int(h.start)))
	b.WriteString(h.text[:h.start])
	for key, value := range h.Lines() {
		if retained[key+"\x00"+value] {
			appendHeader(&b, key, value)
		}
	}
	short := *h
	short.text = b.String()
	return &short
}

const hostKey = "Host"

func appendHeader(b *strings.Builder, key, value string) {
	b.WriteString(cleanText(key))
	b.WriteByte(0)
	b.WriteString(cleanText(value))
	b.WriteByte(0)
}

// cleanText is Text without NUL.
func cleanText(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return Text(s)
}

// URL is path and query as sent.
func (h *Handshake) URL() string { return h.text[:h.urlEnd] }

// Header is the request's header with Host, made anew by each call.
func (h *Handshake) Header() http.Header {
	header := make(http.Header)
	for key, value := range h.Lines() {
		header[key] = append(header[key], value)
	}
	return header
}

// Lines are the lines of Header in the order of their keys.
func (h *Handshake) Lines() iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for rest := h.text[h.start:]; rest != ""; {
			var key, value string
			key, rest, _ = strings.Cut(rest, "\x00")
			value, rest, _ = strings.Cut(rest, "\x00")
			if !yield(key, value) {
				return
			}
		}
	}
}

// Query is the query string; of a repeated name the last value. Made anew by each call.
func (h *Handshake) Query() map[string]string {
	_, raw, _ := strings.Cut(h.URL(), "?")
	return queryMap(raw)
}

// Parameters are the names and values of Query in the order of the names.
func (h *Handshake) Parameters() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_, raw, _ := strings.Cut(h.URL(), "?")
		pairs := queryPairs(raw)
		slices.SortStableFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
		for i, p := range pairs {
			last := i+1 == len(pairs) || pairs[i+1].name != p.name
			if last && !yield(p.name, p.value) {
				return
			}
		}
	}
}

// RemoteAddress is the browser's address without its port, see Proxies. Empty when there is none.
func (h *Handshake) RemoteAddress() string { return h.text[h.urlEnd:h.remoteEnd] }

// Origin is the Origin header. Empty when there was none.
func (h *Handshake) Origin() string { return h.text[h.remoteEnd:h.start] }

// transports are those that a handshake may have come by.
var transports = [...]string{Polling, WebSocket, WebTransport}

// Transport is the transport of this request: `polling`, `websocket` or `webtransport`.
func (h *Handshake) Transport() string { return transports[h.transport] }

// Revision is the revision of the protocol that the session supports for as long as it lives.
func (h *Handshake) Revision() eiopacket.Revision { return h.revision }

// Revision3 reports whether that is revision 3, which Socket.IO clients 1 and 2 speak.
func (h *Handshake) Revision3() bool { return h.revision == eiopacket.Revision3 }

// JSONP reports whether the answers to the session's polls are to be scripts, and the index that the browser gave, which
// may be any text.
func (h *Handshake) JSONP() (index string, ok bool) {
	if !h.Revision3() {
		return "", false
	}
	_, raw, _ := strings.Cut(h.URL(), "?")
	q := ParseQuery(raw)
	return q.Index, q.Script
}

// Base64 reports whether the browser cannot take binary frames and wants base64 in text instead.
func (h *Handshake) Base64() bool { return h.base64 }

// Secure reports whether the browser speaks TLS, to this process or to a trusted proxy that says so, see Sender.
func (h *Handshake) Secure() bool { return h.secure }

// IssueTime is when the request arrived.
func (h *Handshake) IssueTime() time.Time { return time.UnixMilli(h.issued) }
