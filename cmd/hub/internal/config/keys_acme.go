package config

import (
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// letsEncrypt is the authority that most people use.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

func acmeKeys() []Key {
	return group("Certificates from an authority (ACME)",
		newKey("tls.acme.hosts", func(c *Config) *[]string { return &c.TLS.ACME.Hosts }, acmeHosts(),
			"Hosts for which `listen_tls` gets its certificates from an authority, in place of `tls.cert`, one for each, and no others. Whoever sets it agrees to the authority's terms of service. See `docs/proxies.md`."),
		newKey("tls.acme.cache", func(c *Config) *string { return &c.TLS.ACME.Cache },
			text("a directory that its owner alone may use (mode 0700); it is made when it is missing", nil),
			"Directory for keys and certificates. Without it each start would ask for new ones, which authorities limit."),
		newKey("tls.acme.email", func(c *Config) *string { return &c.TLS.ACME.Email },
			text("an e-mail address, or empty for none", isMaybeEmail),
			"Where the authority writes to."),
		newKey("tls.acme.directory", func(c *Config) *string { return &c.TLS.ACME.Directory },
			text("a URL with https, or with http of this machine", isDirectory),
			"The authority: the URL of its directory. By default Let's Encrypt."),
		newKey("tls.acme.ca", func(c *Config) *string { return &c.TLS.ACME.CA },
			text("a PEM file with one or more certificates; empty for those of the system", nil),
			"Verifies the authority's own certificate, for one of your own network."),
		newKey("tls.acme.listen_http", func(c *Config) *string { return &c.TLS.ACME.ListenHTTP }, maybeAddress(),
			"Address on which challenges of HTTP-01 are answered, which come to port 80, and all else is sent to HTTPS. Empty: the authority comes to `listen_tls` alone (TLS-ALPN-01), at port 443. Bounds are those of `listen` (`http.header_timeout`, `http.header_bytes`, `rates`); a connection ends with its first answer."),
	)
}

// acmeHosts reads names of hosts, as browsers send them: in lower case and punycode.
func acmeHosts() codec[[]string] {
	c := lists()
	c.allowed = "names of hosts with a dot in them, without wildcards, none twice; at most 100"
	c.parse = func(raw any) ([]string, bool) {
		items, ok := parseList(raw)
		for i, s := range items {
			name, err := idna.Lookup.ToASCII(s)
			_, address := netip.ParseAddr(name)
			if err != nil || address == nil || !strings.Contains(strings.Trim(name, "."), ".") || strings.HasSuffix(name, ".") || slices.Contains(items[:i], name) {
				return nil, false
			}
			items[i] = name
		}
		return items, ok && len(items) <= 100
	}
	return c
}

func isMaybeEmail(s string) bool {
	if s == "" {
		return true
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isDirectory(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && isLocalHost(u.Hostname()))
}
