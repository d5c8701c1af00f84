package config

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/siohub/siohub/hub"
)

// Handshakes says which handshakes are refused, and what their answers have.
type Handshakes struct {
	Rules []hub.HandshakeRule
	// Headers are those of the answers to handshakes, AllHeaders those of all.
	Headers, AllHeaders http.Header
}

func handshakeKeys() []Key {
	rules := structure("a list of {path, query, headers, origins, addresses, action, message}; see `docs/security.md`", readRules, showRules)
	headers := structure("names with a text or a list of texts each; no header that the protocol, `cookie` or `cors` has", readHeaders, showHeaders)
	return group("Handshakes",
		rules("handshakes.rules", func(c *Config) *[]hub.HandshakeRule { return &c.Handshakes.Rules },
			"Handshakes that are refused before anything of them is kept (`allowRequest`): the first rule whose conditions all hold decides."),
		headers("handshakes.headers", func(c *Config) *http.Header { return &c.Handshakes.Headers },
			"Headers that are added to the answer of each handshake (`initial_headers`), over polling and WebSocket."),
		headers("http.headers", func(c *Config) *http.Header { return &c.Handshakes.AllHeaders },
			"Headers that every answer to browsers has (`headers`), those to handshakes, errors and client files included, such as Strict-Transport-Security."),
	)
}

func readRules(name string, raw any, problems *[]*Problem) []hub.HandshakeRule {
	var all []hub.HandshakeRule
	for _, s := range sections(name, raw, problems) {
		r := hub.HandshakeRule{
			Path: s.text("path"), Query: s.patterns("query"), Headers: s.patterns("headers"), Origins: s.list("origins"),
			Addresses: s.list("addresses"), Message: s.text("message"),
		}
		switch action := s.text("action"); action {
		case "", "refuse":
		case "allow":
			r.Allow = true
		default:
			s.refuse("action", action, "want one of refuse, allow")
		}
		all = append(all, r)
		s.end()
	}
	return all
}

// patterns reads a mapping of a text, or several, each.
func (s *section) patterns(name string) map[string][]string {
	raw, ok := s.take(name)
	if !ok {
		return nil
	}
	values, ok := raw.(map[string]any)
	if !ok {
		s.refuse(name, raw, "want a mapping of texts, or lists of texts")
		return nil
	}
	all := make(map[string][]string, len(values))
	for key, value := range values {
		if all[key], ok = textsOf(value); !ok {
			s.refuse(name+"."+key, value, "want a text, or a list of texts")
		}
	}
	return all
}

// textsOf reads one text, commas and all, or a list of them. Null is the empty text.
func textsOf(raw any) ([]string, bool) {
	if texts, ok := raw.([]string); ok { // as it is printed
		return texts, true
	}
	list, several := raw.([]any)
	if !several {
		list = []any{raw}
	}
	all := make([]string, len(list))
	for i, item := range list {
		switch v := item.(type) {
		case nil:
		case string, int, bool:
			all[i] = fmt.Sprint(v)
		default:
			return nil, false
		}
	}
	return all, true
}

func readHeaders(name string, raw any, problems *[]*Problem) http.Header {
	at := strings.LastIndexByte(name, '.')
	s := newSection(name[:at], map[string]any{name[at+1:]: raw}, problems)
	if all := s.patterns(name[at+1:]); len(all) > 0 {
		return all
	}
	return nil
}

func showRules(list []hub.HandshakeRule) any {
	out := []any{}
	for _, r := range list {
		m := map[string]any{"action": "refuse"}
		if r.Allow {
			m["action"] = "allow"
		}
		setText(m, "path", r.Path)
		setText(m, "message", r.Message)
		setList(m, "origins", r.Origins)
		setList(m, "addresses", r.Addresses)
		if len(r.Query) > 0 {
			m["query"] = r.Query
		}
		if len(r.Headers) > 0 {
			m["headers"] = r.Headers
		}
		out = append(out, m)
	}
	return out
}

func showHeaders(h http.Header) any {
	out := map[string]any{}
	for name, values := range h {
		out[name] = values
	}
	return out
}
