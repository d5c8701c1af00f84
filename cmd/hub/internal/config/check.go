package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/siohub/siohub/internal/shorttime"
)

// checkTogether checks what no single key can: rules between keys, and files.
func (l *Loaded) checkTogether() []*Problem {
	c := l.Config
	var problems []*Problem
	refuse := func(bad bool, key string, value any, allowed string) {
		if bad {
			problems = append(problems, &Problem{
				Key: key, Value: fmt.Sprintf("%q", fmt.Sprint(value)), Allowed: allowed, Source: l.sourceOf(key),
			})
		}
	}
	if l.Source["shutdown.spread"] == "" {
		c.Shutdown.Spread = max(0, min(c.Shutdown.Spread, (c.Shutdown.Timeout-c.Shutdown.Delay)/2))
	}
	leave := c.Shutdown.Delay + c.Shutdown.Spread
	refuse(leave > 0 && leave >= c.Shutdown.Timeout, "shutdown_timeout", shorttime.Text(c.Shutdown.Timeout),
		fmt.Sprintf("want more than shutdown.delay (%s) and shutdown.spread (%s) together", shorttime.Text(c.Shutdown.Delay), shorttime.Text(c.Shutdown.Spread)))
	c.checkListeners(refuse)
	c.checkCluster(refuse)
	c.checkEngine(refuse)
	c.AdminUI.check(refuse)
	tls := c.Control.TLS
	refuse(!c.Insecure && tls.Cert == "" && !IsLoopback(c.Control.Listen), "control.listen", c.Control.Listen,
		"other machines reach this address, and the listener has no TLS; want control.tls.cert and control.tls.key, a loopback address such as 127.0.0.1:7420, or --insecure if the network is trusted")
	refuse(tls.Cert != "" && tls.Key == "", "control.tls.key", "", "want the private key of control.tls.cert")
	refuse(tls.Key != "" && tls.Cert == "", "control.tls.cert", "", "want the certificate of control.tls.key")
	refuse(tls.ClientCA != "" && tls.Cert == "", "control.tls.client_ca", tls.ClientCA, "want control.tls.cert and control.tls.key with it")
	for _, is := range c.Control.JWT {
		refuse(!c.Insecure && isForgeable(is.JWKSURL), is.Key+".jwks_url", "http://…", wantHTTPS)
	}
	for _, b := range c.BrowserJWT {
		for _, is := range b.Issuers {
			refuse(!c.Insecure && isForgeable(is.JWKSURL), is.Key+".jwks_url", "http://…", wantHTTPS)
		}
	}
	h := c.Hub()
	h.Cookie = hubCookie(c.Cookie) // that of a cookie is looked at before it is enabled
	for _, wrong := range h.Problems() {
		refuse(true, wrong.Key, wrong.Value, "want "+wrong.Allowed)
	}
	for _, wrong := range c.ControlPlane().Problems() {
		refuse(true, wrong.Key, wrong.Value, "want "+wrong.Allowed)
	}
	return problems
}

// sourceOf is where the option came from that a key belongs to, which may be one inside of it.
func (l *Loaded) sourceOf(key string) string {
	for {
		if source, ok := l.Source[key]; ok {
			return source
		}
		end := strings.LastIndexAny(key, ".[")
		if end < 0 {
			return ""
		}
		key = key[:end]
	}
}

// checkListeners checks what belongs together of the listeners for browsers.
func (c *Config) checkListeners(refuse func(bad bool, key string, value any, allowed string)) {
	refuse(c.Listen == "" && c.TLS.Listen == "", "listen", "", "want an address here or in listen_tls")
	issued := len(c.TLS.ACME.Hosts) > 0
	refuse(c.TLS.Listen != "" && c.TLS.Cert == "" && !issued, "tls.cert", "", "want the certificate of listen_tls, or tls.acme.hosts")
	refuse(c.TLS.Cert != "" && c.TLS.Key == "", "tls.key", "", "want the private key of tls.cert")
	refuse(c.TLS.Key != "" && c.TLS.Cert == "" && c.TLS.Listen == "", "tls.cert", "", "want the certificate of tls.key")
	refuse(c.TLS.Cert != "" && c.TLS.Listen == "", "listen_tls", "", "want an address for tls.cert")
	refuse(issued && c.TLS.Cert != "", "tls.acme.hosts", strings.Join(c.TLS.ACME.Hosts, ", "), "want either these or tls.cert")
	refuse(issued && c.TLS.Listen == "", "listen_tls", "", "want an address for tls.acme.hosts")
	refuse(issued && c.TLS.ACME.Cache == "", "tls.acme.cache", "", "want a directory for the keys and certificates of tls.acme.hosts")
	refuse(!issued && c.TLS.ACME.ListenHTTP != "", "tls.acme.hosts", "", "want the hosts of tls.acme.listen_http")
	refuse(c.WebTransport() && c.TLS.Listen == "", "transports", strings.Join(c.SocketIO.Transports, ","),
		"want listen_tls, and a certificate for it, with webtransport, which there is over TLS alone")
	refuse(len(c.HTTP.ProxyProtocol) > 0 && len(c.HTTP.TrustedProxies) == 0, "http.trusted_proxies", "",
		"want the proxies that send the headers of http.proxy_protocol")
}

// WebTransport reports whether browsers may come by WebTransport.
func (c *Config) WebTransport() bool { return slices.Contains(c.SocketIO.Transports, "webtransport") }

const wantHTTPS = "want https, http to this machine, or --insecure if the network is trusted"

// IsLoopback reports whether only this machine reaches an address. A name other
// than localhost might mean anything tomorrow and does not count.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
