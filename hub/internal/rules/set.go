package rules

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/request"
)

// Set is a list of rules. The zero value refuses nothing.
type Set struct {
	rules []compiled
}

// compiled is a rule as it is looked at.
type compiled struct {
	Rule
	networks []netip.Prefix
}

// New returns a set. Rules have no Problems; what is none in them means nobody.
func New(list []Rule) Set {
	var s Set
	for _, r := range list {
		c := compiled{Rule: r}
		c.Headers, c.Origins = canonical(r.Headers), nil
		for _, o := range r.Origins {
			if normal, ok := option.OriginPattern(o); ok || o == "" {
				c.Origins = append(c.Origins, normal)
			}
		}
		for _, a := range r.Addresses {
			if n, err := option.Network(a); err == nil {
				c.networks = append(c.networks, n)
			}
		}
		s.rules = append(s.rules, c)
	}
	return s
}

// Empty reports whether nothing is refused.
func (s Set) Empty() bool { return len(s.rules) == 0 }

// Judge finds the rule that refuses a handshake which comes from somebody. index is its place in the list, -1: it is not refused.
func (s Set) Judge(r *http.Request, from request.Sender) (index int, message string) {
	for i := range s.rules {
		if c := &s.rules[i]; c.fits(r, from) {
			if c.Allow {
				break
			}
			return i, c.Message
		}
	}
	return -1, ""
}

func (c *compiled) fits(r *http.Request, from request.Sender) bool {
	return (c.Path == "" || matches(c.Path, r.URL.Path)) &&
		(len(c.Addresses) == 0 || c.fromHere(from.Address)) &&
		(len(c.Origins) == 0 || c.hasOrigin(r.Header["Origin"])) &&
		c.hasHeaders(r, from) &&
		c.hasQuery(r.URL.RawQuery)
}

func (c *compiled) fromHere(address string) bool {
	a, err := netip.ParseAddr(address)
	a = a.Unmap().WithZone("")
	return err == nil && slices.ContainsFunc(c.networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// hasOrigin looks at the one origin: more have been refused before.
func (c *compiled) hasOrigin(origins []string) bool {
	if len(origins) == 0 {
		return slices.Contains(c.Origins, "")
	}
	origin, ok := option.Origin(origins[0])
	if !ok {
		origin = origins[0] // `null`
	}
	return slices.ContainsFunc(c.Origins, func(p string) bool { return p != "" && option.OriginMatches(p, origin) })
}

func (c *compiled) hasHeaders(r *http.Request, from request.Sender) bool {
	for name, patterns := range c.Headers {
		lines := r.Header[name]
		if name == "Host" { // net/http keeps it apart
			lines = []string{r.Host}
			if from.Host != "" {
				lines = []string{from.Host}
			}
		}
		if len(lines) == 0 {
			lines = []string{""}
		}
		if !slices.ContainsFunc(lines, func(line string) bool { return anyMatches(patterns, line) }) {
			return false
		}
	}
	return true
}

func (c *compiled) hasQuery(raw string) bool {
	if len(c.Query) == 0 {
		return true
	}
	found := make(map[string]string)
	for name, value := range request.Parameters(raw) {
		found[name] = value
	}
	for name, patterns := range c.Query {
		if !anyMatches(patterns, found[name]) {
			return false
		}
	}
	return true
}
