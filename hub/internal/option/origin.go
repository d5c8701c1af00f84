package option

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// hostNames turns names of hosts into the form that browsers send. Underscores are let through: they occur.
var hostNames = idna.New(idna.MapForLookup(), idna.StrictDomainName(false))

// defaultPorts are those that browsers leave out.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// file is the origin of pages without a host, as some web views have it. Others send `null`.
const file = "file://"

// Origin brings an origin into the form in which browsers send it: scheme and host in lower case, other alphabets in
// punycode, default ports left out. ok is false for what is none, such as `null`, and for a host with a star.
func Origin(s string) (normal string, ok bool) {
	if strings.EqualFold(s, file) {
		return file, true
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || len(u.Scheme+"://"+u.Host) != len(s) || strings.Contains(u.Host, "*") {
		return "", false
	}
	host, port := u.Hostname(), u.Port()
	if strings.HasSuffix(u.Host, ":") || strings.ContainsAny(host, "%/\\, \t") {
		return "", false
	}
	if at, err := netip.ParseAddr(host); err == nil {
		host = at.String()
	} else if host, err = hostNames.ToASCII(host); err != nil || host == "" {
		return "", false
	}
	if port == defaultPorts[u.Scheme] {
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host, true
}

// anySubdomain begins the host of a pattern that means all names below another one.
const anySubdomain = "*."

// OriginPattern is Origin for what may be listed: also `*`, which means all, and `https://*.example.com`, which means all
// names below example.com but not itself.
func OriginPattern(s string) (normal string, ok bool) {
	if s == "*" {
		return s, true
	}
	scheme, host, found := strings.Cut(s, "://"+anySubdomain)
	if !found {
		return Origin(s)
	}
	normal, ok = Origin(scheme + "://" + host)
	scheme, host, _ = strings.Cut(normal, "://")
	name, _, _ := strings.Cut(host, ":")
	// A top-level domain belongs to everybody. An address has nothing below it.
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") && name != "localhost" {
		return "", false
	}
	return scheme + "://" + anySubdomain + host, ok
}

// OriginMatches reports whether an origin is meant by a pattern, both in their normal form.
func OriginMatches(pattern, origin string) bool {
	scheme, host, found := strings.Cut(pattern, anySubdomain)
	if !found || pattern == "*" {
		return pattern == origin || pattern == "*"
	}
	name, ok := strings.CutPrefix(origin, scheme)
	if !ok {
		return false
	}
	name, ok = strings.CutSuffix(name, "."+host)
	return ok && name != ""
}

func isOriginPattern(s string) bool {
	_, ok := OriginPattern(s)
	return ok
}
