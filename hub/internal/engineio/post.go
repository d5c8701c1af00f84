package engineio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

const (
	// postGrace is the time that a body has before its pace is looked at.
	postGrace = 10 * time.Second
)

// post is a POST that is being read or handled.
type post struct {
	session *Session
	answer  http.ResponseWriter

	// Owned by the request.
	item  unfinished.Item
	since time.Time  // the body comes in pieces since then
	debt  rates.Debt // for how long it has to wait for its answer

	// Guarded by session.mu.
	room     chan struct{} // has a token when there is room again; nil while the body has come in one read
	reading  bool
	released bool // the session has ended, nobody waits for the rest
}

// read reads the whole body into dst. On an error it says with which status to answer: 413 for a body
// over the limit, at once where its length was announced; 408 for one that is too slow; 400 for one
// that breaks off.
//
// A slow line may take its time, at BodyPace; one that stands still may not. While a body is coming in, its browser
// keeps back its pong, which is not missed then.
//
// The net/http deadlines are set here and taken back, where the connection has them.
func (p *post) read(r *http.Request, dst *[]byte) (status int, err error) {
	limit := p.session.server.config.MaxPayload
	if r.ContentLength > limit {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("body of %d bytes announced", r.ContentLength)
	}
	defer func() { p.finish(err == nil) }()
	start := time.Now()
	deadline := start.Add(postGrace)
	for {
		if int64(len(*dst)) > limit {
			return http.StatusRequestEntityTooLarge, errors.New("body over the limit")
		}
		if !p.extend(deadline) {
			return http.StatusBadRequest, errors.New("session closed while a post was being read")
		}
		*dst = grow(*dst, limit+1)
		n, err := r.Body.Read((*dst)[len(*dst):cap(*dst)])
		*dst = (*dst)[:len(*dst)+n]
		switch {
		case err == io.EOF:
			if int64(len(*dst)) > limit {
				return http.StatusRequestEntityTooLarge, errors.New("body over the limit")
			}
			return 0, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !p.wasReleased():
			return http.StatusRequestTimeout, errors.New("post too slow")
		case err != nil:
			return http.StatusBadRequest, errors.New("post connection closed prematurely")
		}
		start = start.Add(p.grow(int64(cap(*dst))))
		deadline = p.session.server.config.Limits.bodyDeadline(start, len(*dst))
	}
}

// bodyDeadline is when more has to have come of a body of which so much is there.
func (l *Limits) bodyDeadline(start time.Time, got int) time.Time {
	average := start.Add(postGrace + time.Duration(float64(got)/float64(l.BodyPace)*float64(time.Second)))
	if still := time.Now().Add(l.UnfinishedTime); still.Before(average) {
		return still
	}
	return average
}

// grow counts a body that is not whole yet, and waits while there is no room for more: so long.
func (p *post) grow(bytes int64) (waited time.Duration) {
	s := p.session
	if !p.inPieces() || !s.server.unfinished.Grow(&p.item, p, bytes) {
		return 0
	}
	p.setReadDeadline(time.Time{})
	start := time.Now()
	<-p.room
	return time.Since(start)
}

// inPieces says that the body does not come in one read. False means that the post was released.
func (p *post) inPieces() bool {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	if p.room == nil {
		p.room = make(chan struct{}, 1)
		p.since = time.Now()
		p.session.later.Or(uploading)
	}
	return !p.released
}

// Stalled implements unfinished.Owner.
func (p *post) Stalled(full bool) { p.session.stalled(full, sayAtOnce) }

// GoOn implements unfinished.Owner.
func (p *post) GoOn() {
	select {
	case p.room <- struct{}{}:
	default: // it has gone on already
	}
}

// extend moves the read deadline. False means that the post was released.
func (p *post) extend(deadline time.Time) bool {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	if p.released {
		return false
	}
	p.reading = true
	p.setReadDeadline(deadline)
	return true
}

// setReadDeadline moves the read deadline of the connection, if it has one.
func (p *post) setReadDeadline(t time.Time) {
	_ = http.NewResponseController(p.answer).SetReadDeadline(t)
}

func (p *post) wasReleased() bool {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.released
}

// finish leaves the connection as it was found, if it goes on.
func (p *post) finish(reuse bool) {
	if p.room != nil { // written by this goroutine
		p.session.server.unfinished.End(&p.item)
		p.prolong()
		p.session.letOn(uploading)
		// net/http counts the time for the answer from the request's beginning.
		_ = http.NewResponseController(p.answer).SetWriteDeadline(time.Now().Add(postHold + writeTimeout))
	}
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	if p.reading && reuse {
		p.setReadDeadline(time.Time{})
	}
	p.reading = false
}

// prolong gives a probe the time that the body took.
func (p *post) prolong() {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != nil {
		s.probe.prolongLocked(p.since)
	}
}

// hangUp makes the answer to come the connection's last, where the request has a body that nobody wants,
// and lets it leave at once: net/http would first read up to 256 KiB of that body, for as long as the
// browser likes. The function that it returns is for after the answer: it takes in what the browser is
// about to send anyway, because closing before that would let a reset overtake the answer.
func hangUp(w http.ResponseWriter, r *http.Request) (answered func()) {
	if r.ContentLength == 0 {
		return func() {}
	}
	w.Header().Set("Connection", "close")
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex()
	return func() {
		_ = control.Flush()
		_ = control.SetReadDeadline(time.Now().Add(unwantedTime))
		_, _ = io.CopyN(io.Discard, r.Body, unwantedBytes)
		_ = control.SetReadDeadline(time.Unix(1, 0))
	}
}

// How much of a body that nobody wants is read, and for how long.
const (
	unwantedBytes = 4 << 20
	unwantedTime  = 300 * time.Millisecond
)

// releaseLocked ends a read that waits for more; the caller holds session.mu.
func (p *post) releaseLocked() {
	p.released = true
	if p.room != nil {
		p.GoOn()
	}
	if p.reading {
		p.setReadDeadline(time.Unix(1, 0))
	}
}

// grow makes room at the end of a buffer: as much as it holds, never beyond max. It allocates as bytes arrive, never as
// they are announced.
func grow(b []byte, max int64) []byte {
	if len(b) < cap(b) {
		return b
	}
	size := min(2*int64(cap(b))+512, max+bytesSlack)
	bigger := make([]byte, len(b), size)
	copy(bigger, b)
	return bigger
}

// bytesSlack leaves room for the read that finds the end.
const bytesSlack = 512
