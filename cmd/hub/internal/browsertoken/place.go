package browsertoken

import (
	"encoding/json"
	"iter"
	"net/http"
	"strings"

	"github.com/siohub/siohub/controlplane/access"
)

// token is the first token that is there. Empty when there is none.
func (r *rule) token(facts access.BrowserFacts) string {
	for _, place := range r.From {
		if token := at(place, facts); token != "" {
			return token
		}
	}
	return ""
}

func at(place string, facts access.BrowserFacts) string {
	if path, ok := strings.CutPrefix(place, "auth."); ok {
		return inAuth(facts.Auth, path)
	}
	kind, name, _ := strings.Cut(place, ":")
	switch {
	case facts.Handshake == nil:
		return ""
	case kind == "query":
		return first(facts.Handshake.Parameters(), func(key string) bool { return key == name })
	case kind == "cookie":
		return inCookies(facts.Handshake.Lines(), name)
	}
	value := first(facts.Handshake.Lines(), func(key string) bool { return strings.EqualFold(key, name) })
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(token)
	}
	if strings.EqualFold(name, "authorization") {
		return "" // another scheme
	}
	return value
}

// inAuth is a text inside the client's auth value; a dot leads into an object.
func inAuth(auth []byte, path string) string {
	var fields map[string]json.RawMessage
	name, rest, deeper := strings.Cut(path, ".")
	if json.Unmarshal(auth, &fields) != nil {
		return ""
	}
	if deeper {
		return inAuth(fields[name], rest)
	}
	var text string
	if json.Unmarshal(fields[name], &text) != nil {
		return ""
	}
	// A client that has the value of a header at hand sends it as it is.
	if scheme, token, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "bearer") {
		return token
	}
	return text
}

func first(pairs iter.Seq2[string, string], fits func(string) bool) string {
	for key, value := range pairs {
		if fits(key) {
			return value
		}
	}
	return ""
}

func inCookies(lines iter.Seq2[string, string], name string) string {
	for key, value := range lines {
		if !strings.EqualFold(key, "cookie") {
			continue
		}
		for pair := range strings.SplitSeq(value, ";") {
			cookie, err := http.ParseCookie(strings.TrimSpace(pair))
			if err == nil && len(cookie) == 1 && cookie[0].Name == name {
				return cookie[0].Value
			}
		}
	}
	return ""
}
