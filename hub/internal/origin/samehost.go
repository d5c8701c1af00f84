package origin

import (
	"net/http"
	"strings"

	"github.com/siohub/siohub/hub/internal/option"
)

// sameHost reports whether a page is of the host that the request asks for: host and port. The scheme is left out of it:
// behind a proxy that ends TLS the server does not know its own; where a port is missing it is the origin's scheme that
// fills it in.
//
// A trusted proxy may send another Host than the browser did, which it then says in the header for that; it may say the
// host without the port, as nginx's $host is, and then none is compared; and its browser may say that page and host are the
// same, which no page can write.
func (p *Policy) sameHost(text string, r *http.Request) bool {
	origin, ok := option.Origin(text)
	if !ok {
		return false
	}
	scheme, host, _ := strings.Cut(origin, "://")
	if scheme != "http" && scheme != "https" {
		return false
	}
	if isHost(scheme, host, r.Host) {
		return true
	}
	if !p.proxies.Trust(r) {
		return false
	}
	if site := r.Header["Sec-Fetch-Site"]; len(site) == 1 && site[0] == "same-origin" {
		return true
	}
	for _, asked := range []string{p.proxies.Sender(r).Host, r.Host} {
		if asked != "" && (isHost(scheme, host, asked) || !hasPort(asked) && isHost(scheme, withoutPort(host), asked)) {
			return true
		}
	}
	return false
}

// isHost compares the host of an origin in its normal form with one that was asked for.
func isHost(scheme, host, asked string) bool {
	if host == asked {
		return true
	}
	normal, ok := option.Origin(scheme + "://" + asked)
	return ok && normal == scheme+"://"+host
}

func hasPort(host string) bool {
	return strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']')
}

func withoutPort(host string) string {
	if hasPort(host) {
		return host[:strings.LastIndexByte(host, ':')]
	}
	return host
}
