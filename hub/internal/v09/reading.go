package v09

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// firstPiece is what is read at first. It doubles with what has come, so that nobody holds memory by what it announces.
const firstPiece = little

// source is what a body or message is read from.
type source struct {
	io.Reader
	deadline func(time.Time) error // of the next read
	ended    <-chan struct{}       // nobody waits for the rest
}

// read reads all there is, at most Config.MaxPayload, which has to come at Config.Pace.
// release is to be called when the data is not needed any more, also with an error.
func (s *Server) read(from source) (data []byte, release func(), err error) {
	limit, begun, held := s.config.MaxPayload, time.Now(), int64(0)
	release = func() { s.coming.change(-held) }
	for size := int64(firstPiece); ; size *= 2 {
		size = min(size, limit+1)
		if size > firstPiece && !s.coming.fits(size-held) {
			return nil, release, errBusy
		}
		s.coming.change(size - held)
		held = size
		data = append(make([]byte, 0, size), data...)
		for int64(len(data)) < size {
			n, err := s.readSome(from, data[len(data):size], begun, len(data))
			if data = data[:len(data)+n]; int64(len(data)) > limit {
				return nil, release, errTooLarge
			}
			if errors.Is(err, io.EOF) {
				return data, release, nil
			}
			if err != nil {
				return nil, release, err
			}
		}
	}
}

// readSome reads what comes next, after so many bytes.
func (s *Server) readSome(from source, into []byte, begun time.Time, got int) (n int, err error) {
	select {
	case <-from.ended:
		return 0, errEnded
	default:
	}
	deadline, slow := s.config.Pace.Deadline(begun, got)
	_ = from.deadline(deadline) // a connection that has none has a time for its whole request
	n, err = from.Read(into)
	var late net.Error // a WebSocket's is not os.ErrDeadlineExceeded
	switch {
	case !errors.As(err, &late) || !late.Timeout():
		return n, err
	case slow:
		return n, errSlow
	}
	return n, errStill
}

// What ends a session, beside what is no packet.
var (
	errTooLarge   = errors.New("v09: message is too large")
	errBusy       = errors.New("v09: others have sent all that may be at hand")
	errStill      = errors.New("v09: a message without progress")
	errSlow       = errors.New("v09: a message that comes too slowly")
	errHeld       = errors.New("v09: what came before was not taken in time")
	errTwoPosts   = errors.New("v09: a second post while one was being read")
	errPollBroken = errors.New("v09: poll connection closed prematurely")
	errEnded      = errors.New("v09: session closed while a message was being read")
	errInternal   = errors.New("internal error")
	errLeft       = io.EOF // the client was told to leave, or has left, in order
)

// malformed is what is no packet.
type malformed struct{ error }

func (m malformed) Unwrap() error { return m.error }

// ending is what comes of an error: how the session ends, the status for the POST that brought it, and the option whose limit it
// is, if it is one.
type ending struct {
	how    engineio.Close
	status int
	option string
}

var endings = map[error]ending{
	errTooLarge:   {engineio.Close{Reason: engineio.ReasonTransportError, Code: wsTooLarge}, http.StatusRequestEntityTooLarge, "max_payload"},
	errBusy:       {engineio.Close{Reason: engineio.ReasonForcedClose}, http.StatusServiceUnavailable, "limits.unfinished_bytes"},
	errStill:      {engineio.Close{Reason: engineio.ReasonForcedClose}, http.StatusRequestTimeout, "limits.unfinished_time"},
	errSlow:       {engineio.Close{Reason: engineio.ReasonForcedClose}, http.StatusRequestTimeout, "limits.body_pace"},
	errHeld:       {engineio.Close{Reason: engineio.ReasonForcedClose}, http.StatusServiceUnavailable, "max_payload"},
	ErrPackets:    {engineio.Close{Reason: engineio.ReasonParseError}, http.StatusBadRequest, "limits.packets_per_payload"},
	errTwoPosts:   {engineio.Close{Reason: engineio.ReasonTransportError}, http.StatusBadRequest, ""},
	errPollBroken: {engineio.Close{Reason: engineio.ReasonTransportError}, http.StatusBadRequest, ""},
	errInternal:   {engineio.Close{Reason: engineio.ReasonTransportError}, http.StatusInternalServerError, ""},
}

// fail ends a link for an error, counts that where it is a limit, and returns the status for the POST that brought it.
func (s *Server) fail(l *link, err error) (status int) {
	for which, e := range endings {
		if !errors.Is(err, which) {
			continue
		}
		e.how.Detail = which.Error()
		if l.finish(engineio.Ended(e.how), e.how.Code) && e.option != "" {
			s.limit(e.option, e.how.Detail)
		}
		return e.status
	}
	var bad malformed
	if errors.As(err, &bad) {
		l.finish(engineio.Ended(engineio.Close{Reason: engineio.ReasonParseError, Detail: bad.Error()}), 0)
		return http.StatusBadRequest
	}
	l.finish(err, 0) // of its connection
	return http.StatusBadRequest
}
