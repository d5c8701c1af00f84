package request

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/internal/option"
)

// Proxies are the networks of proxies whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// NewProxies reads addresses and networks. One that is none is left out: hub.New refuses it.
func NewProxies(texts []string) (p Proxies) {
	for _, text := range texts {
		if network, err := option.Network(text); err == nil {
			p = append(p, network)
		}
	}
	return p
}

// Client is the address that a request comes from, without its port: that of the peer or, where the peer is a
// trusted proxy, the last one in X-Forwarded-For that is no such proxy. What stands before that anybody may have
// written. Empty when there is none.
func (p Proxies) Client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || len(p) == 0 {
		return host
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !p.Has(at) {
		return host
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for line != "" {
			i := strings.LastIndexByte(line, ',')
			before, ok := forwarded(line[i+1:])
			if !ok {
				return host
			}
			if host = before.String(); !p.Has(before) {
				return host
			}
			line = line[:max(i, 0)]
		}
	}
	return host
}

// Has reports whether an address is that of a trusted proxy.
func (p Proxies) Has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// forwarded reads one item of X-Forwarded-For: an address, with some proxies also its port.
func forwarded(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr().Unmap().WithZone(""), err == nil
}
