package eiopacket

import "unicode/utf8"

// Units is the number of UTF-16 code units of a text.
func Units(text []byte) int {
	n := 0
	for _, c := range text {
		switch {
		case c&0xc0 == 0x80: // belongs to what began before
		case c >= 0xf0:
			n += 2
		default:
			n++
		}
	}
	return n
}

// CutUnits finds the end of a text's first n UTF-16 code units. False: there are fewer, or it is in the middle of one
// character.
func CutUnits(text []byte, n int) (end int, ok bool) {
	for n > 0 && end < len(text) {
		switch c := text[end]; {
		case c < utf8.RuneSelf:
			end++
			n--
		default:
			_, size := utf8.DecodeRune(text[end:])
			if size == utf8.UTFMax {
				n--
			}
			end += size
			n--
		}
	}
	return end, n == 0
}
