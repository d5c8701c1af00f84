package deflate

import "strings"

// scanner reads one line of a Sec-WebSocket-Extensions header:
//
//	extension-list = 1#( token *( ";" extension-param ) )
//	extension-param = token [ "=" ( token | quoted-string ) ]
//
// What is unquoted from a quoted-string has to be a token too.
//
// Spec: RFC 6455, 9.1.
type scanner struct{ rest string }

// offer reads one extension.
func (s *scanner) offer() (offer, error) {
	o := offer{valid: true}
	if o.name = s.token(); o.name == "" {
		return o, ErrMalformed
	}
	for s.skip(';') {
		parameter := s.token()
		if parameter == "" {
			return o, ErrMalformed
		}
		value, hasValue := "", s.skip('=')
		if hasValue {
			if value = s.value(); value == "" {
				return o, ErrMalformed
			}
		}
		o.take(parameter, value, hasValue)
	}
	return o, nil
}

// space passes over blanks.
func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

// skip passes over one byte, with the blanks around it, if it comes next.
func (s *scanner) skip(b byte) bool {
	s.space()
	if s.rest == "" || s.rest[0] != b {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// token reads a token, "" where there is none.
func (s *scanner) token() string {
	s.space()
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	token := s.rest[:n]
	s.rest = s.rest[n:]
	return token
}

// value reads a token or a quoted-string with a token in it, "" where there is none.
func (s *scanner) value() string {
	s.space()
	if s.rest == "" || s.rest[0] != '"' {
		return s.token()
	}
	var unquoted []byte
	for i := 1; i < len(s.rest); i++ {
		b := s.rest[i]
		switch {
		case b == '"':
			s.rest = s.rest[i+1:]
			return string(unquoted)
		case b == '\\' && i+1 < len(s.rest):
			i++
			b = s.rest[i]
		}
		if !isTokenByte(b) {
			return ""
		}
		unquoted = append(unquoted, b)
	}
	return ""
}

// isTokenByte reports whether a token may have this byte.
//
// Spec: RFC 9110, 5.6.2.
func isTokenByte(b byte) bool {
	return b > ' ' && b < 0x7f && strings.IndexByte(`"(),/:;<=>?@[\]{}`, b) < 0
}
