package request

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/internal/option"
)

// Proxies are the networks of proxies in front of the hub, and the header in which they say for whom they speak. The
// zero value trusts nobody.
type Proxies struct {
	networks []netip.Prefix
	standard bool // Forwarded is read in place of X-Forwarded-For, -Proto and -Host
}

// Sender is who a request comes from, as far as that is known.
type Sender struct {
	// Address is that of the browser, without its port. Empty when there is none.
	Address string
	// Host is the one that the browser asked for where a proxy says so. Empty: none says.
	Host string
	// Secure reports whether the browser speaks TLS, to the hub or to a proxy that says so.
	Secure bool
}

// NewProxies reads addresses and networks, and the option http.forwarded_header. A text that is no network is left out:
// hub.New refuses it.
func NewProxies(texts []string, header string) (p Proxies) {
	p.standard = header == option.ForwardedStandard
	for _, text := range texts {
		if network, err := option.Network(text); err == nil {
			p.networks = append(p.networks, network)
		}
	}
	return p
}

// Has reports whether an address is that of a trusted proxy.
func (p Proxies) Has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Trust reports whether a request comes from a trusted proxy.
func (p Proxies) Trust(r *http.Request) bool {
	if len(p.networks) == 0 {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && p.Has(peer.Addr())
}

// Sender is who a request comes from: the peer or, where that is a trusted proxy, the last one in the configured header
// that is no such proxy. What stands before that anybody may have written.
func (p Proxies) Sender(r *http.Request) Sender {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	s := Sender{Address: host, Secure: r.TLS != nil}
	if err != nil || !p.Trust(r) {
		return s
	}
	if p.standard {
		p.readForwarded(r.Header["Forwarded"], &s)
	} else {
		p.readXForwarded(r.Header, &s)
	}
	return s
}

// passed takes what a proxy says of the one before it. done: that is no trusted proxy, or nobody knows who it is.
func (p Proxies) passed(by string, s *Sender) (done bool) {
	at, ok := node(by)
	if !ok {
		return true
	}
	s.Address = at.String()
	return !p.Has(at)
}

// node reads an address, with some proxies also its port.
func node(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr().Unmap().WithZone(""), err == nil
}

// said takes host and protocol from the proxy that the browser has asked, where it says them.
func (s *Sender) said(host, protocol string) {
	if host != "" {
		s.Host = host
	}
	switch strings.ToLower(protocol) {
	case "https", "wss":
		s.Secure = true
	case "http", "ws":
		s.Secure = false
	}
}

// spoken are the headers by which proxies speak for browsers. What browsers write into them themselves is not for services.
var spoken = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// Believed returns the request as it may be believed: one whose peer is no trusted proxy says nothing of where it comes
// from. ignored: it did.
func (p Proxies) Believed(r *http.Request) (believed *http.Request, ignored bool) {
	if !slices.ContainsFunc(spoken, func(name string) bool { return r.Header[name] != nil }) || p.Trust(r) {
		return r, false
	}
	believed = r.WithContext(r.Context())
	believed.Header = maps.Clone(r.Header)
	for _, name := range spoken {
		delete(believed.Header, name)
	}
	return believed, true
}
