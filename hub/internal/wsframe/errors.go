package wsframe

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"
)

// Close codes: a normal end, a server that stops, what RFC 6455 does not allow, a close frame without a code, a
// connection that ended without a close frame, text that is not UTF-8, too many fragments, a message that is too large.
//
// Spec: RFC 6455, 7.4.1.
const (
	CloseNormal      = 1000
	CloseGoingAway   = 1001
	CloseProtocol    = 1002
	CloseNoStatus    = 1005
	CloseAbnormal    = 1006
	CloseInvalidText = 1007
	ClosePolicy      = 1008
	CloseTooBig      = 1009
)

// Fault is something in frames that the browser may not send; Code is for the close frame.
type Fault struct {
	Code int
	Err  error
}

// Error implements error.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns what was wrong.
func (f *Fault) Unwrap() error { return f.Err }

// The faults that more than one way of reading finds.
var (
	ErrTooLarge  = &Fault{CloseTooBig, errors.New("message over the limit")}
	ErrFragments = &Fault{ClosePolicy, errors.New("message in too many fragments")}
	ErrReserved  = &Fault{CloseProtocol, errors.New("RSV1 set on a control or continuation frame")}
	ErrText      = &Fault{CloseInvalidText, errors.New("websocket: text is not UTF-8")}
)

// violation is a frame that RFC 6455 does not allow.
func violation(what string) error {
	return &Fault{CloseProtocol, errors.New("websocket: " + what)}
}

// Closed is the browser's close frame.
type Closed struct {
	Code int // 1005: none in the frame
	Text string
}

// Error implements error.
func (c *Closed) Error() string {
	return "websocket: closed by the browser: " + strconv.Itoa(c.Code) + " " + c.Text
}

// readClose reads the payload of a close frame. One byte of it means as much as none, as gorilla has it.
func readClose(payload []byte) error {
	if len(payload) < 2 {
		return &Closed{Code: CloseNoStatus}
	}
	code, text := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case !mayClose(code):
		return violation("bad close code " + strconv.Itoa(code))
	case !utf8.Valid(text):
		return ErrText
	}
	return &Closed{code, string(text)}
}

// mayClose reports whether a browser may close with a code: those of RFC 6455, 7.4.1 and of the registry that
// it founds (1012, 1013), and the free ones.
func mayClose(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1013, code >= 3000 && code <= 4999:
		return true
	}
	return false
}
