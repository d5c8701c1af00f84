package engineio

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

var (
	// ErrSessionClosed means that the session takes nothing any more. Repeating is of no use.
	ErrSessionClosed = errors.New("engineio: session closed")
	// ErrOutboxFull means that the browser does not read; the session is being closed. Repeating is of
	// no use.
	ErrOutboxFull = errors.New("engineio: outbox full")

	errNotUTF8        = errors.New("engineio: text is not UTF-8")
	errForm           = errors.New("engineio: no payload in the form of a JSONP request")
	errTooManyPackets = errors.New("engineio: too many packets in a payload")
)

// code is an Engine.IO error code.
//
// Source: reference 1.3.
type code int

const (
	codeNone code = iota - 1 // an HTTP status says it all
	codeUnknownTransport
	codeUnknownSession
	codeBadMethod
	codeBadRequest
	codeForbidden
	codeBadVersion
)

var codeText = [...]string{
	codeUnknownTransport: "Transport unknown",
	codeUnknownSession:   "Session ID unknown",
	codeBadMethod:        "Bad handshake method",
	codeBadRequest:       "Bad request",
	codeForbidden:        "Forbidden",
	codeBadVersion:       "Unsupported protocol version",
}

// refusal is the answer to a request that Engine.IO does not allow.
type refusal struct {
	code    code
	status  int    // 0: 403 for codeForbidden, else 400
	message string // "": the code's own
}

// Header values that all answers share; nobody changes them. They are put into the map under names that
// are canonical already, which http.Header.Set would look into each time.
var (
	typeHTML = []string{"text/html"}
	typeJSON = []string{"application/json"}
	typeText = []string{"text/plain; charset=UTF-8"}
	// In revision 3: a binary payload, and JSONP, which with noSniff has to be of a type for scripts.
	typeOctets = []string{"application/octet-stream"}
	typeScript = []string{"text/javascript; charset=UTF-8"}
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
)

// respond writes an answer. A chunked request may hide another one behind it (net/http drops its
// Content-Length without a word), so its connection is not used again.
//
// True means that the connection has taken the body whole: net/http buffers what fits.
func respond(w http.ResponseWriter, r *http.Request, status int, contentType []string, body []byte) (taken bool) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["X-Content-Type-Options"] = noSniff
	if len(r.TransferEncoding) > 0 {
		h.Set("Connection", "close")
	}
	w.WriteHeader(status)
	// A failure to write is seen by the session as a broken connection, or by nobody.
	_, err := w.Write(body)
	return err == nil && len(body) > responseBuffer
}

// responseBuffer is more than net/http buffers of an answer until its handler has returned.
const responseBuffer = 8 << 10

// closeAfterAnswer makes the answer to come the connection's last, where the request has a body that is not wanted,
// and lets it leave at once: net/http would first read up to 256 KiB of that body, for as long as the
// browser likes. The function that it returns is for after the answer: it takes in what the browser is
// about to send anyway, because closing before that would let a reset overtake the answer.
func closeAfterAnswer(w http.ResponseWriter, r *http.Request) (answered func()) {
	if r.ContentLength == 0 {
		return func() {}
	}
	w.Header().Set("Connection", "close")
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex()
	return func() {
		_ = control.Flush()
		_ = control.SetReadDeadline(time.Now().Add(discardTime))
		_, _ = io.CopyN(io.Discard, r.Body, discardBytes)
		_ = control.SetReadDeadline(time.Unix(1, 0))
	}
}

// How much of a body that is not wanted is read, and for how long.
const (
	discardBytes = 4 << 20
	discardTime  = 300 * time.Millisecond
)
