package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// misdirected answers a name that is not ours. It does not repeat the name.
const misdirected = "The admin listener does not answer to this host name.\n" +
	"Use an IP address or localhost, or add the name to admin.hosts (--admin-hosts)."

// onlyKnownHosts answers requests for IP addresses, localhost and names. A page in an operator's
// browser can make its own name mean 127.0.0.1 (DNS rebinding), and would read everything
// here; what it cannot do is ask by another name than its own.
func onlyKnownHosts(names []string, next http.Handler) http.Handler {
	known := map[string]bool{"localhost": true}
	for _, name := range names {
		known[canonical(name)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := canonical(hostOf(r.Host))
		// Without a host it is HTTP/1.0, which no browser speaks.
		if name == "" || known[name] || isAddress(name) {
			next.ServeHTTP(w, r)
			return
		}
		text(w, http.StatusMisdirectedRequest, misdirected)
	})
}

// hostOf is a Host header without its port.
func hostOf(header string) string {
	if host, port, err := net.SplitHostPort(header); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "" {
			return header // nobody's name
		}
		return host
	}
	return strings.Trim(header, "[]")
}

// canonical is the form in which names are compared.
func canonical(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
