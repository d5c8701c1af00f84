package relay

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/siohub/siohub/hub/internal/request"
)

// browserHeader says of whom a request is that another hub passes on: `https 198.51.100.7`, `http 2001:db8::7`, or `http -` where
// the browser has no address. Only a Receiver reads it, of a hub that has proved itself.
const browserHeader = "Hub-Browser"

// proxyHeaders are those by which proxies speak for browsers. The first hub has read them, and the other one is not to.
var proxyHeaders = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// noAddress stands for none.
const noAddress = "-"

// setBrowser makes a request that is passed on say whose it is.
func setBrowser(r *http.Request, from request.Sender) {
	for _, name := range proxyHeaders {
		delete(r.Header, name)
	}
	scheme, address := "http", noAddress
	if from.Secure {
		scheme = "https"
	}
	if a, err := netip.ParseAddr(from.Address); err == nil {
		address = a.WithZone("").String()
	}
	r.Header[browserHeader] = []string{scheme + " " + address}
	if from.Host != "" {
		r.Host = from.Host
	}
}

var errBrowser = errors.New("relay: no header " + browserHeader)

// asBrowser returns a request as if its browser had sent it to this hub.
func asBrowser(r *http.Request) (*http.Request, error) {
	scheme, address, ok := strings.Cut(r.Header.Get(browserHeader), " ")
	if !ok || len(r.Header[browserHeader]) != 1 || scheme != "http" && scheme != "https" {
		return nil, errBrowser
	}
	n := r.WithContext(r.Context())
	n.Header = r.Header.Clone()
	delete(n.Header, browserHeader)
	n.RemoteAddr, n.TLS = "", nil
	if address != noAddress {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return nil, errBrowser
		}
		n.RemoteAddr = net.JoinHostPort(a.String(), "0")
	}
	if scheme == "https" {
		n.TLS = new(tls.ConnectionState)
	}
	return n, nil
}
