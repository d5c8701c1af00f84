package deflate

import (
	"errors"
	"strconv"
	"strings"
)

// ErrMalformed is a header that is no list of extensions. RFC 6455, 9.1 wants the connection to fail.
var ErrMalformed = errors.New("deflate: malformed Sec-WebSocket-Extensions header")

// The bounds of a window, as the power of two that it is.
const (
	MinWindowBits = 8
	MaxWindowBits = 15
)

// name is that of the extension.
const name = "permessage-deflate"

// Agreement is what both sides hold to. The zero value: nothing is compressed.
type Agreement struct {
	// WindowBits is the size of the window that is used for what the server sends, 8 to 15. Zero: nothing is compressed.
	WindowBits int
	announced  bool // the answer has to name it
}

// Negotiate reads the Sec-WebSocket-Extensions header of a handshake and takes the first offer of permessage-deflate that
// is valid; others are declined, as are extensions that it does not know. Without one the Agreement is zero. windowBits is
// the largest window that the server wants to use.
//
// Errors: ErrMalformed.
//
// Spec: RFC 7692, 5, 7.
func Negotiate(header []string, windowBits int) (Agreement, error) {
	var a Agreement
	for _, line := range header {
		s := scanner{rest: line}
		for more := true; more; {
			o, err := s.offer()
			if err != nil {
				return Agreement{}, err
			}
			if a.WindowBits == 0 && o.valid && strings.EqualFold(o.name, name) {
				a = agree(o, windowBits)
			}
			more = s.skip(',')
		}
		if s.rest != "" {
			return Agreement{}, ErrMalformed
		}
	}
	return a, nil
}

// agree accepts an offer. That a browser may want its own window bounded (client_max_window_bits) needs no answer: what it
// sends is read with the largest one.
func agree(o offer, windowBits int) Agreement {
	bits, limited := windowBits, windowBits < MaxWindowBits
	if o.serverBits > 0 {
		bits, limited = min(bits, o.serverBits), true
	}
	return Agreement{WindowBits: bits, announced: limited}
}

// Answer is the Sec-WebSocket-Extensions header of the answer, "" for the zero value.
func (a Agreement) Answer() string {
	if a.WindowBits == 0 {
		return ""
	}
	answer := name + "; server_no_context_takeover; client_no_context_takeover"
	if a.announced {
		answer += "; server_max_window_bits=" + strconv.Itoa(a.WindowBits)
	}
	return answer
}

// offer is one extension of the header with its parameters, read as those of permessage-deflate.
type offer struct {
	name       string
	valid      bool // its parameters are those that RFC 7692 knows, each once and with a value that it allows
	serverBits int  // server_max_window_bits; 0: not there
	seen       [4]bool
}

// parameters are those of permessage-deflate, in the order of offer.seen.
var parameters = [...]string{"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"}

// take reads one parameter.
//
// Spec: RFC 7692, 7.1.
func (o *offer) take(parameter, value string, hasValue bool) {
	known := -1
	for i, p := range parameters {
		if strings.EqualFold(p, parameter) {
			known = i
		}
	}
	if known < 0 || o.seen[known] {
		o.valid = false
		return
	}
	o.seen[known] = true
	switch {
	case known < 2:
		o.valid = o.valid && !hasValue
	case known == 3 && !hasValue:
	default:
		bits, ok := windowBits(value)
		o.valid = o.valid && ok
		if known == 2 && ok {
			o.serverBits = bits
		}
	}
}

// windowBits reads a decimal number from 8 to 15 without a leading zero.
func windowBits(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && MinWindowBits <= n && n <= MaxWindowBits && strconv.Itoa(n) == s
}
