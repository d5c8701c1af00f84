package nodewire

import (
	"math"
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The functions of this file read JSON that is known to be well-formed.

// skip returns where the value that begins at i ends.
func skip(data []byte, i int) int {
	depth := 0
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = quoted(data, i) - 1
			if depth == 0 {
				return i + 1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// quoted returns where the text that begins at i ends.
func quoted(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return i
}

// next returns where the next value or bracket begins.
func next(data []byte, i int) int {
	for ; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return i
		}
	}
	return i
}

// members calls f with each member of an object until it returns false. It returns false if data is no object. A key is
// given without its quotes and escapes.
func members(data []byte, f func(key, value []byte) bool) bool {
	i := next(data, 0)
	if i >= len(data) || data[i] != '{' {
		return false
	}
	for i = next(data, i+1); i < len(data) && data[i] != '}'; i = next(data, i) {
		end := quoted(data, i)
		key := siopacket.Unquote(data[i:end])
		from := next(data, end)
		if i = skip(data, from); !f(key, data[from:i]) {
			return true
		}
	}
	return true
}

// elements calls f with each element of an array until it returns false. It returns false if data is no array.
func elements(data []byte, f func(value []byte) bool) bool {
	i := next(data, 0)
	if i >= len(data) || data[i] != '[' {
		return false
	}
	for i = next(data, i+1); i < len(data) && data[i] != ']'; i = next(data, i) {
		from := i
		if i = skip(data, from); !f(data[from:i]) {
			return true
		}
	}
	return true
}

// isNull reports whether there is nothing, or null.
func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// isTrue reports whether a value is true.
func isTrue(value []byte) bool { return len(value) > 0 && value[0] == 't' }

// text is a JSON string. It returns false for anything else.
func text(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	return string(siopacket.Unquote(value)), true
}

// name is a text, or what JavaScript makes of a number when it is used as one: rooms with such names occur.
func name(value []byte) (string, bool) {
	if len(value) == 0 {
		return "", false
	}
	switch c := value[0]; {
	case c == '"':
		return text(value)
	case c != '-' && (c < '0' || c > '9'):
		return "", false
	}
	digits := string(value)
	if !strings.ContainsAny(digits, ".eE") {
		return digits, true
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.Abs(f) >= 1e21 || math.Abs(f) < 1e-6 {
		return digits, true
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

// whole is a number that is not negative and has no fraction. It returns false for anything else.
func whole(value []byte) (int64, bool) {
	if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return n, n >= 0
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f < 0 || f >= 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}
