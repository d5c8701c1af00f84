package terminal

import (
	"fmt"
	"strings"
	"unicode"
)

// Clean replaces control characters, and those that change the direction of the text, by
// U+FFFD.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Names joins names with commas, at most so many of them; the rest is counted.
func Names(names []string, most int) string {
	if len(names) <= most {
		return Clean(strings.Join(names, ","))
	}
	return fmt.Sprintf("%s,+%d", Clean(strings.Join(names[:most], ",")), len(names)-most)
}
