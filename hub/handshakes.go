package hub

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/rules"
)

// Handshakes says which handshakes are refused before anything of them is kept, and which headers answers have.
//
// Source: reference 1.1, allowRequest, initial_headers, headers.
type Handshakes struct {
	// Rules are looked at in their order: the first one whose conditions all hold decides. A handshake that none fits is let
	// on. At most 200. Key: handshakes.rules.
	Rules []HandshakeRule
	// AllowRequest is asked after them: its error text is the answer's message, with code 4. Nil allows all.
	AllowRequest func(*http.Request) error
	// Headers are added to the answer of each handshake, over polling and WebSocket, such as a cookie of a load balancer.
	// Key: handshakes.headers.
	Headers http.Header
	// AllHeaders are set on every answer, those of handshakes, of errors and of client files included, such as
	// Strict-Transport-Security. Key: http.headers.
	AllHeaders http.Header
}

// HandshakeRule says what becomes of handshakes. An empty condition always holds; of the texts of one condition it is enough that one fits. Patterns are whole texts in
// which * stands for any text; case counts.
type HandshakeRule struct {
	// Path is a pattern of the path. Key: path.
	Path string
	// Query has patterns by parameter, of which the last value counts. One that is missing is the empty text. Key: query.
	Query map[string][]string
	// Headers has patterns by header, of which each line counts. One that is missing is the empty text. Key: headers.
	Headers map[string][]string
	// Origins are as in CORS.Origins; the empty text is a request without an Origin. Pages that CORS does not let in never come
	// so far. Key: origins.
	Origins []string
	// Addresses are those of browsers, see Proxies, and networks. Key: addresses.
	Addresses []string
	// Allow lets them on, past the rules that follow. Otherwise they are refused, with code 4. Key: action.
	Allow bool
	// Message is what who is refused reads. Default "Forbidden". Key: message.
	Message string
}

const (
	rulesKey            = rules.Key
	handshakeHeadersKey = "handshakes.headers"
	allHeadersKey       = "http.headers"
)

func (h *Handshakes) problems(check func(error)) {
	if len(h.Rules) > rules.MaxRules {
		check(&ConfigError{Key: rulesKey, Value: len(h.Rules), Allowed: fmt.Sprintf("at most %d rules", rules.MaxRules)})
	}
	for i, r := range h.Rules {
		for _, p := range rules.Rule(r).Problems() {
			check(&ConfigError{Key: fmt.Sprintf("%s[%d].%s", rulesKey, i, p.Field), Value: p.Value, Allowed: p.Allowed})
		}
	}
	headerProblems(handshakeHeadersKey, h.Headers, check)
	headerProblems(allHeadersKey, h.AllHeaders, check)
}

func headerProblems(key string, headers http.Header, check func(error)) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if !option.AnswerHeader(name) {
			check(&ConfigError{Key: key, Value: name, Allowed: option.AnswerHeaders})
		}
		for _, value := range headers[name] {
			if !option.HeaderValue(value) {
				check(&ConfigError{Key: key + "." + name, Value: value, Allowed: option.HeaderValues})
			}
		}
	}
}

// set is what the rules say.
func (h *Handshakes) set() rules.Set {
	list := make([]rules.Rule, len(h.Rules))
	for i, r := range h.Rules {
		list[i] = rules.Rule(r)
	}
	return rules.New(list)
}
