package engineio

import (
	"net/http"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/request"
)

// polling carries a session over HTTP requests. It has no goroutine: GETs and POSTs bring their own. A
// session that has moved to another transport lets go of it; requests that are still at work notice that.
type polling struct {
	session *Session
	spoken  spoken

	// Guarded by session.mu.
	poll     *poll  // the GET that waits
	post     *post  // the POST that is being read or handled
	requests uint32 // how many there were
	gate     gate   // of a POST that is held
	// pending is what is left of POSTs that were answered before all of it could be handed up. It is changed with
	// session.receiving held as well.
	pending   *pendingPayload
	heldSince time.Time     // the POST has been held since then; zero: none is
	closed    *Close        // the browser has gone: how the session ends when nothing is pending any more
	nextPoll  chan struct{} // closed when the next GET comes; nil while nobody waits for it
}

// poll is a GET that waits for packets.
type poll struct {
	ready chan struct{} // closed when batch is set
	batch *[]entry      // nil: the session has moved to another transport
}

// servePolling serves a request that has passed the checks. The session may have moved since then.
func (s *Server) servePolling(w http.ResponseWriter, r *http.Request, session *Session) {
	session.mu.Lock()
	t, ok := session.transport.(*polling)
	session.mu.Unlock()
	switch {
	case !ok:
		s.refusals.session.refuse(w, r, refusal{code: codeBadRequest})
	case r.Method == http.MethodGet:
		t.serveGet(w, r)
	default:
		t.servePost(w, r)
	}
}

// serveGet answers a GET: at once if something is queued, else when something is, or when the
// session ends. Its goroutine is net/http's; between requests a session has none.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Receiving data. Source: reference 1.5.
func (t *polling) serveGet(w http.ResponseWriter, r *http.Request) {
	s := t.session
	s.mu.Lock()
	if refusal, ok := t.carriesLocked(); !ok {
		s.mu.Unlock()
		s.server.refusals.session.refuse(w, r, refusal)
		return
	}
	if t.poll != nil {
		s.mu.Unlock()
		s.end(Close{Reason: ReasonTransportError, Detail: "a second poll while one was waiting"}, endNow)
		s.server.refusals.session.deny(w, r, http.StatusBadRequest)
		return
	}
	p := &poll{ready: make(chan struct{})}
	t.poll = p
	t.requests++
	gone := t.answerLocked()
	hold := s.state == upgrading
	if t.nextPoll != nil {
		close(t.nextPoll)
		t.nextPoll = nil
	}
	s.mu.Unlock()
	if gone {
		defer s.forget()
	}
	if hold {
		defer s.server.tasks.after(upgradePollHold, func() { t.release(p) }).Stop()
	}
	t.finish(w, r, p)
}

// finish waits for the poll's packets and writes them. A connection that breaks meanwhile ends the
// session, behind what is held back: the browser cannot know what has reached it.
func (t *polling) finish(w http.ResponseWriter, r *http.Request, p *poll) {
	broken := Close{Reason: ReasonTransportError, Detail: "poll connection closed prematurely"}
	select {
	case <-p.ready: // nearly always in a busy session, and then the context need not make a channel
	default:
		select {
		case <-p.ready:
		case <-r.Context().Done():
			if t.withdraw(p) {
				t.broken(broken)
				return
			}
		}
	}
	if p.batch == nil {
		t.session.server.refusals.session.refuse(w, r, refusal{code: codeBadRequest})
		return
	}
	taken := t.writePayload(w, r, *p.batch)
	releaseEntries(p.batch)
	t.answered()
	// Who has read the whole of a large answer may close the connection before this is reached.
	if !taken && r.Context().Err() != nil {
		t.broken(broken)
	}
}

// answered follows the answer to a poll.
func (t *polling) answered() {
	s := t.session
	s.mu.Lock()
	if s.transport == t {
		s.out.inFlight = 0
	}
	s.mu.Unlock()
	s.flow.outboxShrunk()
}

// broken ends the session of a browser that has gone, when what it has sent is handed up.
func (t *polling) broken(c Close) {
	s := t.session
	s.mu.Lock()
	wait := s.flow.paused() && s.transport == t && (t.pending != nil || !t.heldSince.IsZero())
	if wait && t.closed == nil {
		t.closed = &c
	}
	s.mu.Unlock()
	if wait {
		s.peerClosed()
		return
	}
	s.end(c, endAbort)
}

// endIfPeerClosed ends the session of a browser that has gone, if nothing is pending any more.
func (t *polling) endIfPeerClosed() {
	s := t.session
	s.mu.Lock()
	c := t.closed
	if t.pending != nil || s.transport != t {
		c = nil
	}
	s.mu.Unlock()
	if c != nil {
		s.end(*c, endAbort)
	}
}

// carriesLocked reports whether the session is to be served over polling.
func (t *polling) carriesLocked() (refusal, bool) {
	s := t.session
	switch {
	case s.state == closed:
		return refusal{code: codeUnknownSession}, false
	case s.transport != t:
		return refusal{code: codeBadRequest}, false
	}
	return refusal{}, true
}

// answerLocked gives what is queued to the poll that waits. True means that the close packet is
// among it.
func (t *polling) answerLocked() (gone bool) {
	s := t.session
	if t.poll == nil || s.transport != t || s.out.entries == nil {
		return false
	}
	list, bytes := s.out.take()
	s.out.inFlight = bytes
	if s.slow == nil && bytes > writeChunk {
		s.server.slow.addLocked(s) // it counts until it is written
	}
	if last := len(*list) - 1; (*list)[last].message == closeMessage {
		gone = true
		if s.state == closing && last == 0 {
			// What the reference ends with: a noop, then the close packet.
			*list = append((*list)[:0], entry{noopMessage, true}, entry{closeMessage, true})
		}
	}
	t.poll.batch = list
	close(t.poll.ready)
	t.poll = nil
	return gone
}

// release ends a poll of a browser that upgrades with a noop: it can only go on when its last poll has
// ended.
func (t *polling) release(p *poll) {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.poll == p && p != nil {
		s.out.add(noopMessage, true)
		t.answerLocked()
	}
}

func (t *polling) name() string         { return request.Polling }
func (t *polling) writableLocked() bool { return t.poll != nil }
func (t *polling) cut()                 {}

// resumeLocked implements transport. A POST that is held goes on by itself.
func (t *polling) resumeLocked() {
	if t.pending != nil && t.heldSince.IsZero() {
		t.session.server.tasks.start(t.resumePending)
	}
	t.gate.openLocked()
}

// sendLocked gives what is queued to the poll that waits. True: the close packet is among it.
func (t *polling) sendLocked() bool { return t.answerLocked() }

// send follows the close packet.
func (t *polling) send() { t.session.forget() }

// closeLocked ends what is at work when the session ends. The poll that waits is told.
func (t *polling) closeLocked(_ Close, how ending) (gone bool) {
	if t.post != nil {
		t.post.releaseLocked()
	}
	if t.poll != nil {
		last := closeMessage
		if how == endReply {
			last = noopMessage
		}
		t.session.out.add(last, true)
		t.answerLocked()
	}
	return true
}

// moveLocked ends the poll that waits when the session has moved to another transport: its packets leave
// there.
func (t *polling) moveLocked() {
	if p := t.poll; p != nil {
		t.poll = nil
		close(p.ready)
	}
}

// withdraw takes back a poll whose connection has gone. False means that it has its answer already.
func (t *polling) withdraw(p *poll) bool {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.poll != p {
		return false
	}
	t.poll = nil
	return true
}

// writePayload answers with packets. True means that the connection has taken it.
func (t *polling) writePayload(w http.ResponseWriter, r *http.Request, batch []entry) (taken bool) {
	s := t.session
	body := buffers.get()
	defer buffers.put(body)
	contentType, compress := t.appendPayload(body, batch), false
	for _, e := range batch {
		compress = compress || !e.noCompress
	}
	for _, ua := range r.Header["User-Agent"] {
		if strings.Contains(ua, "MSIE") || strings.Contains(ua, "Trident") {
			w.Header().Set("X-XSS-Protection", "0")
		}
	}
	w.Header()["Cache-Control"] = noStore
	s.server.policy.Decorate(w, r)
	coded := buffers.get()
	defer buffers.put(coded)
	if coding := s.server.coders.answer(r, coded, *body, compress); coding != "" {
		w.Header().Set("Content-Encoding", coding)
		body = coded
	}
	return respond(w, r, http.StatusOK, contentType, *body)
}

// closePollWait is how long a close packet waits for the browser's poll.
const closePollWait = 50 * time.Millisecond

// awaitPoll waits a moment for the poll that a browser sends beside its close packet. The two travel on two
// connections; without it the poll that loses the race would find its session unknown, instead of
// ending with a noop.
func (t *polling) awaitPoll() {
	s := t.session
	s.mu.Lock()
	if s.transport != t || t.poll != nil || s.state > upgrading {
		s.mu.Unlock()
		return
	}
	arrived := make(chan struct{})
	t.nextPoll = arrived
	s.mu.Unlock()
	timer := time.NewTimer(closePollWait)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
	}
}
