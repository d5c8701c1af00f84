package request

import (
	"iter"
	"net/url"
	"strings"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// The transports, as the query names them.
const (
	Polling      = "polling"
	WebSocket    = "websocket"
	WebTransport = "webtransport" // of no query: such a session has a stream of its own
)

// Query is the part of a query string that Engine.IO reads. Of a repeated key the last value
// counts. t (a cache buster) is ignored. Its texts are as the browser
// sent them, and empty where it sent none.
//
// Source: reference 1.2.
type Query struct {
	EIO, Transport, SID string
	// Revision is that of EIO. 0: none that there is.
	Revision eiopacket.Revision
	// Base64 is b64: the browser cannot take binary frames.
	Base64 bool
	// Index is j, where it is there as Script says: the answers are to be scripts (JSONP). It means something in
	// revision 3 alone.
	Index  string
	Script bool
}

// ParseQuery reads the keys of Engine.IO and allocates nothing for ordinary requests.
func ParseQuery(raw string) Query {
	var q Query
	escaped := hasEscapes(raw)
	for len(raw) > 0 {
		var one string
		one, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(one, "=")
		if escaped {
			key, value = unescape(key), unescape(value)
		}
		switch key {
		case "EIO":
			q.EIO = value
			q.Revision, _ = eiopacket.ParseRevision(value)
		case "transport":
			q.Transport = value
		case "sid":
			q.SID = value
		case "j":
			q.Index, q.Script = value, true
		case "b64":
			q.Base64 = value != "" && value != "0" && value != "false"
		}
	}
	return q
}

// hasEscapes reports whether unescape has anything to do.
func hasEscapes(s string) bool {
	return strings.IndexByte(s, '%') >= 0 || strings.IndexByte(s, '+') >= 0
}

// queryMap reads all keys.
func queryMap(raw string) map[string]string {
	m := make(map[string]string)
	for _, p := range queryPairs(raw) {
		m[p.name] = p.value
	}
	return m
}

// Parameters are the names and values of a query string: each name once, where it stands first, with its last value. Every
// text is valid UTF-8.
func Parameters(raw string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		pairs := queryPairs(raw)
		last := make(map[string]string, len(pairs))
		for _, p := range pairs {
			last[p.name] = p.value
		}
		for _, p := range pairs {
			if value, first := last[p.name]; first {
				delete(last, p.name)
				if !yield(p.name, value) {
					return
				}
			}
		}
	}
}

// pair is one parameter of a query string.
type pair struct{ name, value string }

// queryPairs reads all keys, in their order and with those that are repeated.
func queryPairs(raw string) []pair {
	const ordinary = 8
	pairs := make([]pair, 0, ordinary)
	for len(raw) > 0 {
		var one string
		one, raw, _ = strings.Cut(raw, "&")
		if one == "" {
			continue
		}
		name, value, _ := strings.Cut(one, "=")
		pairs = append(pairs, pair{Text(unescape(name)), Text(unescape(value))})
	}
	return pairs
}

// unescape undoes percent encoding; what is no percent encoding stays as it is, as browsers and the
// reference server have it.
func unescape(s string) string {
	if !hasEscapes(s) {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if u, err := url.QueryUnescape(s[i : i+3]); err == nil {
				b.WriteString(u)
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
