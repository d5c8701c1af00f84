package eiopacket

import (
	"strings"
	"unicode/utf8"
)

// JSONPIndex is what is retained of the parameter j: its digits, at most ten of them. Nothing else of it is ever
// written into a script.
func JSONPIndex(j string) string {
	const most = 10
	var digits strings.Builder
	for i := 0; i < len(j) && digits.Len() < most; i++ {
		if c := j[i]; '0' <= c && c <= '9' {
			digits.WriteByte(c)
		}
	}
	return digits.String()
}

// AppendJSONP appends a text payload as the script of a JSONP answer, which calls the function of that index.
//
// Spec: engine.io-protocol v3, JSONP.
func AppendJSONP(dst []byte, index string, payload []byte) []byte {
	dst = append(append(append(dst, "___eio["...), index...), `]("`...)
	for from := 0; ; {
		i := from
		for i < len(payload) && literal(payload[i:]) {
			i++
		}
		dst = append(dst, payload[from:i]...)
		if i == len(payload) {
			return append(dst, `");`...)
		}
		r, size := utf8.DecodeRune(payload[i:])
		dst = appendEscape(dst, r)
		from = i + size
	}
}

// literal reports whether what a text begins with may stand in a string of a script. U+2028 and U+2029 end a line of
// one.
func literal(text []byte) bool {
	switch c := text[0]; {
	case c < 0x20, c == '"', c == '\\':
		return false
	case c == 0xe2 && len(text) > 2:
		return text[1] != 0x80 || text[2] != 0xa8 && text[2] != 0xa9
	}
	return true
}

// appendEscape appends a character as JSON.stringify writes it.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// UnescapeJSONP undoes in place how clients write newlines into the form of a JSONP request: a newline as \n, since
// browsers change real ones, and what was \n before as \\n. It returns what is left of the text.
//
// Source: engine.io 6.6, transports/polling-jsonp.ts.
func UnescapeJSONP(text []byte) []byte {
	to := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			switch {
			case text[i+1] == 'n':
				c = '\n'
				i++
			case text[i+1] == '\\' && i+2 < len(text) && text[i+2] == 'n':
				i++ // the n follows
				text[to] = c
				to++
				i++
				c = 'n'
			}
		}
		text[to] = c
		to++
	}
	return text[:to]
}
