package request

import (
	"net/http"
	"slices"
	"strings"
)

// readXForwarded reads X-Forwarded-For from its end, and host and protocol at the same place of X-Forwarded-Host and
// -Proto. Where those have another number of items, not every proxy has written them, and the last one counts.
func (p Proxies) readXForwarded(h http.Header, s *Sender) {
	addresses := items(h["X-Forwarded-For"])
	i := len(addresses) - 1
	for ; i >= 0 && !p.passed(addresses[i], s); i-- {
		continue
	}
	pick := func(name string) string {
		all := items(h[name])
		switch {
		case len(all) == 0:
			return ""
		case len(all) == len(addresses):
			return all[max(i, 0)]
		}
		return all[len(all)-1]
	}
	s.said(pick("X-Forwarded-Host"), pick("X-Forwarded-Proto"))
}

// items are those of a list in a header, which may have several lines.
func items(lines []string) (all []string) {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(item))
		}
	}
	return all
}

// readForwarded reads Forwarded from its end. What stands before a fault is nobody's word.
//
// Source: RFC 7239, 4.
func (p Proxies) readForwarded(lines []string, s *Sender) {
	for _, line := range slices.Backward(lines) {
		for more := true; more; {
			var element string
			line, element, more = cutLast(line, ',')
			if strings.TrimSpace(element) == "" {
				continue // lists may have holes
			}
			e, ok := parseElement(element)
			if !ok {
				return
			}
			s.said(e.host, e.proto)
			if p.passed(e.by, s) {
				return
			}
		}
	}
}

// cutLast cuts a text at the last separator that is not in a quotation. It reads from the end, so that a quotation that
// somebody has left open at the beginning hides nothing.
func cutLast(text string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case c == '"' && !escaped(text[:i]):
			quoted = !quoted
		case c == separator && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return "", text, false
}

// escaped reports whether what follows text is: an odd number of backslashes is at its end.
func escaped(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// forwardedElement is what one proxy says.
type forwardedElement struct{ by, host, proto string }

func parseElement(text string) (e forwardedElement, ok bool) {
	for more := true; more; {
		var pair string
		text, pair, more = cutLast(text, ';')
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		if !found || !e.set(name, value) {
			return e, false
		}
	}
	return e, true
}

// set takes a pair. False: its value is malformed, or it stands twice.
func (e *forwardedElement) set(name, value string) (ok bool) {
	var field *string
	switch strings.ToLower(name) {
	case "for":
		field = &e.by
	case "host":
		field = &e.host
	case "proto":
		field = &e.proto
	default:
		return true
	}
	value, ok = unquote(value)
	if !ok || *field != "" {
		return false
	}
	*field = value
	return true
}

// unquote reads a token or a quoted string.
func unquote(value string) (string, bool) {
	if !strings.HasPrefix(value, `"`) {
		return value, !strings.ContainsAny(value, `" `)
	}
	if len(value) < 2 || !strings.HasSuffix(value, `"`) {
		return "", false
	}
	value = value[1 : len(value)-1]
	if !strings.ContainsAny(value, `"\`) {
		return value, true
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '"' {
			return "", false
		}
		if value[i] == '\\' {
			if i++; i == len(value) {
				return "", false
			}
		}
		b.WriteByte(value[i])
	}
	return b.String(), true
}
