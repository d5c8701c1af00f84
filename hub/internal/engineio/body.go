package engineio

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// read reads the whole body into dst. On an error it says with which status to answer: 413 for a body
// over the limit, at once where its length was announced; 408 for one that is too slow; 503 for one for which there is
// no room in time; 400 for one that breaks off.
//
// It has to come at a Pace. While a body is coming in, its browser
// sends no pong, and none is missed.
//
// The net/http deadlines are set here and taken back, where the connection has them.
func (p *post) read(r *http.Request, dst *[]byte) (status int, err error) {
	config := &p.polling.session.server.config
	limit, pace := config.MaxPayload, Pace{Bytes: config.Limits.BodyPace, Still: config.Limits.UnfinishedTime}
	if r.ContentLength > limit {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("body of %d bytes announced", r.ContentLength)
	}
	defer func() { p.finish(err == nil) }()
	start := time.Now()
	deadline, _ := pace.Deadline(start, 0)
	for {
		if int64(len(*dst)) > limit {
			return http.StatusRequestEntityTooLarge, errors.New("body over the limit")
		}
		if !p.extend(deadline) {
			return http.StatusBadRequest, errors.New("session closed while a post was being read")
		}
		if len(*dst) < pieceBytes {
			*dst = grow(*dst, limit+1)
		} else {
			p.polling.session.server.turns.take(func() { *dst = grow(*dst, limit+1) })
		}
		n, err := r.Body.Read((*dst)[len(*dst):min(cap(*dst), len(*dst)+pieceBytes)])
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
		if !p.count(r.Context(), *dst) {
			return http.StatusServiceUnavailable, errors.New("no room for a post")
		}
		deadline, _ = pace.Deadline(start.Add(p.waited), len(*dst))
	}
}

// count counts a body that does not come in one read, of which so much has come, and waits while others have used up what all may hold, or
// there is no room for its last packet: at most PostHold, for the answer has to come in time. False means that there is no room.
func (p *post) count(ctx context.Context, body []byte) bool {
	s := p.polling.session
	if !p.mayWait() {
		return true
	}
	if p.since.IsZero() {
		p.since = time.Now()
		s.flow.pause(uploading)
	}
	room := s.room(p.last(body), false)
	if !s.server.unfinished.Grow(&p.item, p, int64(cap(body)), int64(len(body)), room) {
		return true
	}
	s.server.waits(room)
	p.setReadDeadline(time.Time{})
	start := time.Now()
	timer := time.NewTimer(PostHold - p.waited)
	defer timer.Stop()
	defer func() { p.waited += time.Since(start) }()
	select {
	case <-p.proceed:
		return true
	case <-timer.C:
		key := cmp.Or(full(room), "limits.unfinished_bytes")
		s.server.trace.limitReached(key)
		s.server.unfinishedLog.Warn("a post was refused: there was no room for it in time", "option", key)
	case <-ctx.Done():
	}
	return false
}

// last is the last text message that has begun in a body: what is binary behind it belongs to it.
func (p *post) last(body []byte) []byte {
	for {
		i := bytes.IndexByte(body[p.scanned:], eiopacket.Separator)
		next := p.scanned + i + 1
		if i < 0 || next == len(body) {
			return body[p.begun:]
		}
		if body[next] == byte(eiopacket.Message) {
			p.begun = next
		}
		p.scanned = next
	}
}

// Stalled implements unfinished.Owner.
func (p *post) Stalled(full bool) { stalled(p.polling.session, full, endNow) }

// GoOn implements unfinished.Owner.
func (p *post) GoOn() {
	select {
	case p.proceed <- struct{}{}:
	default: // it has gone on already
	}
}

// extend moves the read deadline. False means that the post was released.
func (p *post) extend(deadline time.Time) bool {
	p.polling.session.mu.Lock()
	defer p.polling.session.mu.Unlock()
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
	p.polling.session.mu.Lock()
	defer p.polling.session.mu.Unlock()
	return p.released
}

// finish leaves the connection as it was found, if it goes on.
func (p *post) finish(reuse bool) {
	s := p.polling.session
	if !p.since.IsZero() {
		s.server.unfinished.End(&p.item)
		p.extendProbe()
		s.flow.resume(uploading)
		// net/http counts the time for the answer from the request's beginning.
		_ = http.NewResponseController(p.answer).SetWriteDeadline(time.Now().Add(PostHold + WriteTimeout))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.reading && reuse {
		p.setReadDeadline(time.Time{})
	}
	p.reading = false
}

// extendProbe gives a probe the time that the body took, or its answer.
func (p *post) extendProbe() {
	s := p.polling.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != nil {
		s.probe.extendLocked(p.since)
	}
}

// grow makes space at the end of a buffer: as much as it holds, never beyond max. It allocates as bytes arrive, never as
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

// bytesSlack is for the read that finds the end.
const bytesSlack = 512
