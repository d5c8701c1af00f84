package eiopacket

import (
	"bytes"
	"encoding/json"
	"strings"
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

// AppendJSONP appends a text payload as the script of a JSONP answer, which calls the function of that index. What the
// payload has that ends a string or a line of a script is escaped, U+2028 and U+2029 too.
//
// Spec: engine.io-protocol v3, JSONP.
func AppendJSONP(dst []byte, index string, payload []byte) []byte {
	script := bytes.NewBuffer(append(append(append(dst, "___eio["...), index...), "]("...))
	text := json.NewEncoder(script)
	text.SetEscapeHTML(false) // the script is no part of a page
	if err := text.Encode(string(payload)); err != nil {
		panic("eiopacket: a text always marshals: " + err.Error())
	}
	return append(bytes.TrimSuffix(script.Bytes(), []byte("\n")), ");"...)
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
