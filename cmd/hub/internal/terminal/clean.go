package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// steers reports whether a character does something else than to be seen: control
// characters, those that change the direction of the text or hide in it, and separators of
// lines and paragraphs.
func steers(r rune) bool {
	return r < ' ' || r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Clean replaces what could steer the terminal by U+FFFD.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// CleanLines is Clean for a text of several lines: it leaves the ends of lines.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.Join(lines, "\n")
}

// Names joins names with commas, at most so many of them; the rest is counted.
func Names(names []string, most int) string {
	if len(names) <= most {
		return Clean(strings.Join(names, ","))
	}
	return fmt.Sprintf("%s,+%d", Clean(strings.Join(names[:most], ",")), len(names)-most)
}

// JSON returns a writer that writes the same JSON with everything escaped that could steer
// the terminal. Each call of Write takes whole characters.
func JSON(w io.Writer) io.Writer { return jsonWriter{w} }

type jsonWriter struct{ w io.Writer }

// Write implements io.Writer.
func (j jsonWriter) Write(text []byte) (int, error) {
	escaped := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r >= ' ' && steers(r): // the space between values has smaller ones, and no string has
			escaped = appendEscape(escaped, r)
		case r == utf8.RuneError:
			escaped = utf8.AppendRune(escaped, r)
		default:
			escaped = append(escaped, rest[:size]...)
		}
		rest = rest[size:]
	}
	if _, err := j.w.Write(escaped); err != nil {
		return 0, err
	}
	return len(text), nil
}

func appendEscape(b []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
