package rules

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/internal/option"
)

// Key is the option that has the rules.
const Key = "handshakes.rules"

// Rule says what becomes of handshakes. An empty condition always holds; of the texts of one condition it is enough that one fits.
// Patterns are whole texts in which * stands for any text; case counts.
type Rule struct {
	// Path is a pattern of the path.
	Path string
	// Query has patterns by parameter, Headers by header. One that is missing is the empty text. Of a repeated parameter the
	// last value counts, of a header each line.
	Query, Headers map[string][]string
	// Origins are as in cors.origins; the empty text is a request without an Origin.
	Origins []string
	// Addresses are those of browsers, and networks.
	Addresses []string
	// Allow lets them on, past the rules that follow. Otherwise they are refused.
	Allow bool
	// Message is what who is refused reads. Empty: `Forbidden`.
	Message string
}

// Problem is what is wrong with a rule.
type Problem struct {
	// Field is the name in the configuration, Value what it has, and Allowed what it may.
	Field, Value, Allowed string
}

// The bounds of a set and its rules.
const (
	MaxRules    = 200
	maxPatterns = 200
	maxText     = 1024
)

// Problems are all that is wrong with a rule.
func (r Rule) Problems() (all []Problem) {
	refuse := func(bad bool, field, value, allowed string) {
		if bad {
			all = append(all, Problem{field, value, allowed})
		}
	}
	refuse(r.Path != "" && !isPattern(r.Path) || r.Path != "" && r.Path[0] != '/' && r.Path[0] != '*', "path", r.Path, "a pattern that starts with / or *")
	for _, o := range r.Origins {
		_, ok := option.OriginPattern(o)
		refuse(!ok && o != "", "origins", o, "as in cors.origins: "+option.CORSOrigins.Allowed+`; "" for none`)
	}
	for _, a := range r.Addresses {
		_, err := option.Network(a)
		refuse(err != nil, "addresses", a, option.TrustedProxies.Allowed)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		refuse(name == "" || !isPattern(name), "query", name, "the name of a parameter")
		arePatterns("query."+name, r.Query[name], refuse)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		refuse(!option.IsToken(name), "headers", name, "the name of a header")
		arePatterns("headers."+name, r.Headers[name], refuse)
	}
	refuse(!isPattern(r.Message), "message", r.Message, fmt.Sprintf("a text without control characters, of at most %d bytes", maxText))
	refuse(r.Allow && r.Message != "", "message", r.Message, "empty where action is allow")
	return all
}

func arePatterns(field string, patterns []string, refuse func(bad bool, field, value, allowed string)) {
	refuse(len(patterns) == 0 || len(patterns) > maxPatterns, field, fmt.Sprint(len(patterns)), fmt.Sprintf("1 to %d patterns", maxPatterns))
	for _, p := range patterns {
		refuse(!isPattern(p), field, p, fmt.Sprintf("a pattern without control characters, of at most %d bytes", maxText))
	}
}

func isPattern(s string) bool {
	return len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// matches reports whether a text is meant by a pattern. It takes time by the product of their lengths at most.
func matches(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text, rest = text[at+len(part):], more
	}
}

func anyMatches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, text) })
}

// canonical returns headers under the names that net/http has.
func canonical(headers map[string][]string) map[string][]string {
	all := make(map[string][]string, len(headers))
	for name, patterns := range headers {
		name = http.CanonicalHeaderKey(name)
		all[name] = append(all[name], patterns...)
	}
	return all
}
