package eiopacket

import (
	"strconv"
	"unicode/utf8"
)

// The parser of Socket.IO clients 1 encodes text payloads in UTF-8 before its transport does so again, and decodes twice
// as well. What it writes looks like UTF-8 that was taken for Latin-1, and its lengths count bytes of the text.
//
// Source: engine.io-parser 1.3, encodePayload.

// Once undoes the second encoding of a text payload. False: it was not encoded twice, or nobody can tell, as there is
// nothing in it but ASCII. A payload that was encoded once passes for one of these if every character of it that is not
// ASCII belongs to what UTF-8 looks like in Latin-1, such as "Ã©" for "é".
func Once(payload []byte) (once []byte, ok bool) {
	if !twice(payload) {
		return nil, false
	}
	once = make([]byte, 0, len(payload))
	for _, r := range string(payload) {
		once = append(once, byte(r))
	}
	return once, utf8.Valid(once)
}

// twice reports whether there are characters beyond ASCII, and none beyond Latin-1.
func twice(payload []byte) bool {
	beyond := false
	for i := 0; i < len(payload); i++ {
		if c := payload[i]; c >= utf8.RuneSelf {
			if c != 0xc2 && c != 0xc3 {
				return false
			}
			beyond = true
			i++
		}
	}
	return beyond
}

// BinaryOnce3 is Binary3 for what Once returns.
func BinaryOnce3(dst, once []byte, most int) (binary []byte, packets int, err error) {
	return binary3(dst, once, most, func(text []byte, n int) (end int, ok bool) {
		return n, n == len(text) || n < len(text) && utf8.RuneStart(text[n])
	})
}

// AppendTwice3 appends a packet in text form to a text payload, encoded twice.
func AppendTwice3(dst, packet []byte) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(packet)), 10), ':')
	for _, c := range packet {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}
