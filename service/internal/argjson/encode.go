package argjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/siohub/siohub/internal/placeholder"
)

// ErrBinary is returned by Marshal for a value with a []byte in it.
var ErrBinary = errors.New("binary is not possible here")

var (
	errBadRaw  = errors.New("json.RawMessage: not exactly one JSON value")
	errBadUTF8 = errors.New("JSON that is not valid UTF-8")
	errTooDeep = errors.New("value is nested too deep, or contains itself")
)

// Encode encodes an argument list as a JSON array and its attachments; an empty list
// is no bytes. The result shares no memory with args. It returns an error that names
// the argument, from 1, if one cannot be encoded.
func Encode(args []any) (json.RawMessage, [][]byte, error) {
	if len(args) == 0 {
		return nil, nil, nil
	}
	e := encoder{buf: make([]byte, 0, sizeHint(args))}
	for i, arg := range args {
		if i == 0 {
			e.buf = append(e.buf, '[')
		} else {
			e.buf = append(e.buf, ',')
		}
		if err := e.value(arg); err != nil {
			return nil, nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return append(e.buf, ']'), e.attachments, nil
}

// Marshal encodes one value that is JSON alone; nil gives no bytes.
//
// Errors: ErrBinary, or what cannot be encoded.
func Marshal(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	var e encoder
	if err := e.value(value); err != nil {
		return nil, err
	}
	if len(e.attachments) > 0 {
		return nil, ErrBinary
	}
	return e.buf, nil
}

// sizeHint guesses the bytes of an argument list, so that small ones take one
// allocation.
func sizeHint(args []any) int {
	n := 2
	for _, arg := range args {
		switch a := arg.(type) {
		case string:
			n += len(a) + 3
		case json.RawMessage:
			n += len(a) + 1
		default:
			n += 32
		}
	}
	return n
}

// encoder writes JSON, and keeps binaries aside.
type encoder struct {
	buf         []byte
	attachments [][]byte
	depth       int
}

// value encodes one value. The common types do not go through reflection.
func (e *encoder) value(value any) error {
	switch v := value.(type) {
	case nil:
		e.buf = append(e.buf, "null"...)
	case string:
		e.string(v)
	case json.RawMessage:
		return e.raw(v)
	case []byte:
		e.binary(v)
	case bool:
		e.buf = strconv.AppendBool(e.buf, v)
	case int:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case float64:
		return e.float(v, 64)
	case map[string]any:
		return e.anyMap(v)
	case []any:
		return e.anyList(v)
	default:
		return e.reflected(value)
	}
	return nil
}

// raw writes JSON byte for byte; it is checked, because a stray comma would shift
// the arguments behind it.
func (e *encoder) raw(v json.RawMessage) error {
	if v == nil {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	if !validJSON(v) {
		return errBadRaw
	}
	if !utf8.Valid(v) {
		return errBadUTF8
	}
	e.buf = append(e.buf, v...)
	return nil
}

// binary keeps a copy, and leaves a placeholder.
func (e *encoder) binary(v []byte) {
	if v == nil {
		e.buf = append(e.buf, "null"...)
		return
	}
	e.buf = placeholder.Append(e.buf, len(e.attachments))
	e.attachments = append(e.attachments, append(make([]byte, 0, len(v)), v...))
}

// float writes as JavaScript does: plain between 1e-6 and 1e21, else with an
// exponent without leading zeros.
func (e *encoder) float(f float64, bits int) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v has no form in JSON", f)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	e.buf = strconv.AppendFloat(e.buf, f, format, -1, bits)
	if n := len(e.buf); format == 'e' && n >= 4 && e.buf[n-4] == 'e' && e.buf[n-2] == '0' {
		e.buf[n-2] = e.buf[n-1] // e-09 becomes e-9
		e.buf = e.buf[:n-1]
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// string writes a JSON string. Only what JSON wants escaped is; bytes that are not
// UTF-8 become U+FFFD.
func (e *encoder) string(s string) {
	e.buf = append(e.buf, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				e.buf = append(append(e.buf, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		e.buf = append(e.buf, s[start:i]...)
		e.escape(c)
		i++
		start = i
	}
	e.buf = append(append(e.buf, s[start:]...), '"')
}

func (e *encoder) escape(c byte) {
	switch c {
	case '"', '\\':
		e.buf = append(e.buf, '\\', c)
	case '\n':
		e.buf = append(e.buf, '\\', 'n')
	case '\r':
		e.buf = append(e.buf, '\\', 'r')
	case '\t':
		e.buf = append(e.buf, '\\', 't')
	default:
		e.buf = append(e.buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
