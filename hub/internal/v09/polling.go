package v09

import (
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// pollTime is how long a poll is held that has nothing to say: proxies cut what is silent for 30 s.
const pollTime = 20 * time.Second

// servePoll answers a GET once there is something. A new poll ends the one before with a noop, as in the reference.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request, l *link) {
	displaced, ok := l.attach(request.Polling, nil)
	if !ok {
		s.answerPoll(w, r, l.farewell())
		return
	}
	timer := time.NewTimer(pollTime)
	defer timer.Stop()
	b, ok := l.take(until{gone: r.Context().Done(), displaced: displaced, patience: timer.C})
	_, ended := l.state()
	switch {
	case ok:
		defer l.written(b)
		// Who has read the whole answer may close the connection before it has been looked at again.
		taken := r.Context().Err() == nil && s.answerPoll(w, r, AppendPayload(nil, b.packets))
		if b.last {
			s.fail(l, errLeft)
		} else if !taken {
			s.fail(l, errPollBroken) // the client cannot know what has reached it, also where it has come again
		}
	case ended != nil:
		s.answerPoll(w, r, l.farewell())
	default:
		s.answerPoll(w, r, []byte(noop))
	}
}

// ReleasePoll answers the poll of a session that waits, so that its client comes again, perhaps by another way. Where none waits it does
// nothing.
func (s *Server) ReleasePoll(sid string) {
	if l := s.find(sid); l != nil {
		l.release()
	}
}

// displacedBy reports whether another request or WebSocket has taken over.
func displacedBy(displaced <-chan struct{}) bool {
	select {
	case <-displaced:
		return true
	default:
		return false
	}
}

// answerPoll answers with packets, and reports whether they have left.
func (s *Server) answerPoll(w http.ResponseWriter, r *http.Request, packets []byte) bool {
	s.engine.Decorate(w, r)
	return respond(w, packets)
}

// servePost takes packets from a POST. The body is read as a whole before anything of it is acted on.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, l *link) {
	if !l.post() {
		s.engine.Deny(w, r, s.fail(l, errTwoPosts))
		return
	}
	defer l.posted()
	taken, err := s.takePost(w, r, l)
	switch {
	case err != nil:
		s.engine.Deny(w, r, s.fail(l, err))
	case !taken: // ended meanwhile
		s.answerPoll(w, r, l.farewell())
	default:
		s.engine.Decorate(w, r)
		respond(w, []byte("1"))
	}
}

// takePost reads the body of a POST and hands it up. False without an error: the session has ended.
func (s *Server) takePost(w http.ResponseWriter, r *http.Request, l *link) (taken bool, err error) {
	if r.ContentLength > s.config.MaxPayload {
		return false, errTooLarge
	}
	control := http.NewResponseController(w)
	body, release, err := s.read(source{r.Body, control.SetReadDeadline, l.done})
	defer release()
	switch {
	case errors.Is(err, errEnded):
		return false, nil
	case err != nil:
		return false, err
	case !utf8.Valid(body):
		return false, malformed{ErrUTF8}
	}
	_ = control.SetReadDeadline(time.Time{})
	// net/http counts the time for the answer from the request's beginning.
	_ = control.SetWriteDeadline(time.Now().Add(engineio.PostHold + engineio.WriteTimeout))
	timer := time.NewTimer(engineio.PostHold)
	defer timer.Stop()
	taken, err = l.push(body, s.config.PacketsPerPayload, until{gone: r.Context().Done(), patience: timer.C})
	if _, ended := l.state(); err == nil && !taken && ended == nil {
		err = errHeld
	}
	return taken, err
}
