package adminui

import (
	"net/url"
	"strings"
)

// hidden stands for what is not shown.
const hidden = "***"

// secretWords are in the names of headers and parameters that are secrets.
var secretWords = []string{
	"auth", "cookie", "token", "secret", "passw", "key", "jwt", "session", "credential", "signature", "bearer", "csrf", "xsrf", "assertion",
}

// secretNames are such names.
var secretNames = []string{"sid", "sig", "code", "pwd", "pass", "otp", "pin", "ticket", "x-amz-security"}

// plainNames look like secrets and are none.
var plainNames = []string{":authority", "sec-websocket-key", "sec-websocket-key1", "sec-websocket-key2"}

// isSecret reports whether the value of a header or parameter is not to be shown.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, plain := range plainNames {
		if name == plain {
			return false
		}
	}
	for _, secret := range secretNames {
		if name == secret {
			return true
		}
	}
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// header adds a header. Names are in lower case, as Node has them.
func (h *handshake) header(name, value string) {
	name = strings.ToLower(name)
	switch {
	case isSecret(name):
		value = hidden
	case name == "referer": // whatever is in the query of another page
		value, _, _ = strings.Cut(value, "?")
	}
	add(h.Headers, name, value)
}

// parameter adds a parameter of the query.
func (h *handshake) parameter(name, value string) {
	if isSecret(name) {
		value = hidden
	}
	add(h.Query, name, value)
}

// add adds a pair: of a repeated header all values, as Node has them.
func add(to map[string]string, name, value string) {
	before, again := to[name]
	if !again && len(to) >= maxLines {
		return
	}
	if again && before != value {
		value = before + ", " + value
	}
	to[shorter(name)] = shorter(value)
}

// urlShown is path and query without secrets.
func urlShown(raw string) string {
	path, query, has := strings.Cut(raw, "?")
	if !has {
		return shorter(path)
	}
	var shown []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || isSecret(plain) {
			part = name + "=" + hidden
		}
		shown = append(shown, part)
	}
	return shorter(path + "?" + strings.Join(shown, "&"))
}
