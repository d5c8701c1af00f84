package option

import (
	"net/http"
	"slices"
	"strings"
)

// AnswerHeaders says in words what AnswerHeader takes.
const AnswerHeaders = "the name of a header that says nothing of the connection, the body, caching or origins (cors.* does)"

// protocolHeaders are those that the hub, net/http or a proxy gives a meaning to, so that browsers would not understand
// the answer. Vary and Cache-Control keep answers apart that differ.
var protocolHeaders = []string{
	"Age", "Allow", "Cache-Control", "Connection", "Content-Disposition", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Date", "Etag",
	"Expires", "Host", "Keep-Alive", "Last-Modified", "Location", "Refresh", "Retry-After", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Vary",
	"Www-Authenticate", "X-Content-Type-Options",
}

// AnswerHeader reports whether answers may be given a header of this name.
func AnswerHeader(name string) bool {
	canonical := http.CanonicalHeaderKey(name)
	return IsToken(name) && !slices.Contains(protocolHeaders, canonical) &&
		!strings.HasPrefix(canonical, "Access-Control-") && !strings.HasPrefix(canonical, "Proxy-") && !strings.HasPrefix(canonical, "Sec-")
}

// HeaderValues says in words what HeaderValue takes.
const HeaderValues = "printable ASCII, 1 to 4096 bytes, without spaces around"

// HeaderValue reports whether a header may have this value.
func HeaderValue(s string) bool {
	return s != "" && len(s) <= 4096 && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}
