package engineio

import (
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// polling carries a session over HTTP requests. It has no goroutine: GETs and POSTs bring their own. A
// session that has moved to a WebSocket lets go of it; requests that are still at work notice that.
type polling struct {
	session *Session

	// Guarded by session.mu.
	poll *poll // the GET that waits
	post *post // the POST that is being read or handled
	gate gate  // of a POST whose messages are held back
	// kept is what is left of POSTs that were answered before all of it could be handed up. It is changed with
	// session.receiving held as well.
	kept      *parcel
	heldSince time.Time     // the POST has been held since then; zero: none is
	gone      *Close        // the browser has gone: the session is to end when nothing is held back any more
	awaited   chan struct{} // closed when the next GET comes; nil while nobody waits for it
}

// poll is a GET that waits for packets.
type poll struct {
	ready chan struct{} // closed when batch is set
	batch *[]entry      // nil: the session has moved to a WebSocket
}

// servePolling serves a request that has passed the checks. The session may have moved since then.
func (s *Session) servePolling(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t, ok := s.transport.(*polling)
	s.mu.Unlock()
	switch {
	case !ok:
		s.server.refuse(w, r, refusal{code: codeBadRequest})
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
		s.server.refuse(w, r, refusal)
		return
	}
	if t.poll != nil {
		s.mu.Unlock()
		s.end(Close{Reason: ReasonTransportError, Detail: "a second poll while one was waiting"}, sayAtOnce)
		s.server.deny(w, r, http.StatusBadRequest)
		return
	}
	p := &poll{ready: make(chan struct{})}
	t.poll = p
	gone := t.answerLocked()
	hold := s.state == upgrading
	if t.awaited != nil {
		close(t.awaited)
		t.awaited = nil
	}
	s.mu.Unlock()
	if gone {
		defer s.forget()
	}
	if hold {
		defer time.AfterFunc(upgradePollHold, func() { t.letGo(p) }).Stop()
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
		t.session.server.refuse(w, r, refusal{code: codeBadRequest})
		return
	}
	taken := t.writePayload(w, r, *p.batch)
	releaseEntries(p.batch)
	t.landed()
	// Who has read the whole of a large answer may close the connection before this is reached.
	if !taken && r.Context().Err() != nil {
		t.broken(broken)
	}
}

// landed follows the answer to a poll.
func (t *polling) landed() {
	s := t.session
	s.mu.Lock()
	if s.transport == t {
		s.out.flying = 0
	}
	s.mu.Unlock()
	s.lighten()
}

// broken ends the session of a browser that has gone, when what it has sent is handed up.
func (t *polling) broken(c Close) {
	s := t.session
	s.mu.Lock()
	wait := s.holds() && s.transport == t && (t.kept != nil || !t.heldSince.IsZero())
	if wait && t.gone == nil {
		t.gone = &c
	}
	s.mu.Unlock()
	if wait {
		s.parted()
		return
	}
	s.end(c, sayNothing)
}

// endIfGone ends the session of a browser that has gone, if nothing is held back any more.
func (t *polling) endIfGone() {
	s := t.session
	s.mu.Lock()
	gone := t.gone
	if t.kept != nil || s.transport != t {
		gone = nil
	}
	s.mu.Unlock()
	if gone != nil {
		s.end(*gone, sayNothing)
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

// answerLocked gives what is queued to the poll that waits. True means that these were the session's
// last words.
func (t *polling) answerLocked() (gone bool) {
	s := t.session
	if t.poll == nil || s.transport != t || s.out.entries == nil {
		return false
	}
	list, bytes := s.out.take()
	s.out.flying = bytes
	if s.lag == nil && bytes > chunk {
		s.server.laggards.addLocked(s) // it counts until it is written
	}
	if last := len(*list) - 1; (*list)[last].message == farewell {
		gone = true
		if s.state == closing && last == 0 {
			// The reference's last words: a noop, then the close packet.
			*list = append((*list)[:0], entry{noopMessage, true}, entry{farewell, true})
		}
	}
	t.poll.batch = list
	close(t.poll.ready)
	t.poll = nil
	return gone
}

// letGo ends a poll of a browser that upgrades with a noop: it can only go on when its last poll has
// ended.
func (t *polling) letGo(p *poll) {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.poll == p && p != nil {
		s.out.add(noopMessage, true)
		t.answerLocked()
	}
}

func (t *polling) name() string         { return Polling }
func (t *polling) writableLocked() bool { return t.poll != nil }
func (t *polling) cut()                 {}

// resumeLocked implements transport. A POST that is held goes on by itself.
func (t *polling) resumeLocked() {
	if t.kept != nil && t.heldSince.IsZero() {
		t.session.server.crew.do(t.goOn)
	}
	t.gate.openLocked()
}

// sendLocked gives what is queued to the poll that waits. True: these were the session's last words.
func (t *polling) sendLocked() bool { return t.answerLocked() }

// send follows the last words.
func (t *polling) send() { t.session.forget() }

// closeLocked ends what is at work when the session ends. The poll that waits is told.
func (t *polling) closeLocked(_ Close, how ending) (gone bool) {
	if t.post != nil {
		t.post.releaseLocked()
	}
	if t.poll != nil {
		last := farewell
		if how == sayGoodbye {
			last = noopMessage
		}
		t.session.out.add(last, true)
		t.answerLocked()
	}
	return true
}

// moveLocked ends the poll that waits when the session has moved to a WebSocket: its packets leave
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

// writePayload answers with packets in text form.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Packet encoding.
//
// True means that the connection has taken it.
func (t *polling) writePayload(w http.ResponseWriter, r *http.Request, batch []entry) (taken bool) {
	s := t.session
	body := buffers.get()
	defer buffers.put(body)
	compress := false
	for i, e := range batch {
		if i > 0 {
			*body = append(*body, eiopacket.Separator)
		}
		text := e.message.text()
		*body = append(*body, text...)
		compress = compress || !e.noCompress
		s.server.trace.sent(len(text))
	}
	for _, ua := range r.Header["User-Agent"] {
		if strings.Contains(ua, "MSIE") || strings.Contains(ua, "Trident") {
			w.Header().Set("X-XSS-Protection", "0")
		}
	}
	w.Header()["Cache-Control"] = noStore
	s.server.policy.decorate(w, r)
	if c := s.server.coding(r, compress, len(*body)); c != nil {
		coded := buffers.get()
		defer buffers.put(coded)
		c.compress(coded, *body)
		w.Header().Set("Content-Encoding", c.name)
		body = coded
	}
	return respond(w, r, http.StatusOK, typeText, *body)
}

// coding picks the content coding for a polling answer of so many bytes.
func (s *Server) coding(r *http.Request, wanted bool, size int) *compressor {
	c := s.config.HTTPCompression
	if !wanted || !*c.Enabled || size < c.Threshold {
		return nil
	}
	return negotiate(strings.Join(r.Header["Accept-Encoding"], ","))
}

// okBody is the answer to a POST.
var okBody = []byte("ok")

// servePost takes packets from a POST. The body is read as a whole before anything of it is acted on,
// so that nothing is taken from a request that breaks off.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Sending data. Source: reference 1.5.
func (t *polling) servePost(w http.ResponseWriter, r *http.Request) {
	s := t.session
	p := &post{session: s, answer: w}
	s.mu.Lock()
	if refusal, ok := t.carriesLocked(); !ok {
		s.mu.Unlock()
		s.server.refuse(w, r, refusal)
		return
	}
	if t.post != nil {
		s.mu.Unlock()
		s.end(Close{Reason: ReasonTransportError, Detail: "a second post while one was being read"}, sayAtOnce)
		s.server.deny(w, r, http.StatusBadRequest)
		return
	}
	t.post = p
	s.mu.Unlock()
	status, refusal := t.acceptPost(r, p)
	// Before the answer: the browser may post again as soon as it has it.
	t.posted(p)
	switch {
	case refusal != nil:
		s.server.refuse(w, r, *refusal)
	case status != http.StatusOK:
		s.server.deny(w, r, status)
	default:
		w.Header()["Cache-Control"] = noStore
		s.server.policy.decorate(w, r)
		respond(w, r, status, typeHTML, okBody)
	}
}

// acceptPost reads the body and acts on its packets. It returns the answer's status, or a refusal.
func (t *polling) acceptPost(r *http.Request, p *post) (status int, refused *refusal) {
	s := t.session
	if isOctets(r.Header["Content-Type"]) {
		s.end(Close{Reason: ReasonTransportError, Detail: "invalid content"}, sayAtOnce)
		return http.StatusBadRequest, nil
	}
	body := buffers.get()
	defer buffers.put(body)
	if status, err := p.read(r, body); err != nil {
		// The reference keeps a session whose body was too large: it is the browser that ends it.
		if status != http.StatusRequestEntityTooLarge {
			s.end(Close{Reason: ReasonTransportError, Detail: err.Error()}, sayAtOnce)
		}
		return status, nil
	}
	refused, err := (*refusal)(nil), errNotUTF8
	if utf8.Valid(*body) {
		refused, err = t.take(p, *body)
		t.session.slowPost(r.Context(), p, p.debt)
	}
	if err != nil {
		s.end(Close{Reason: ReasonParseError, Detail: err.Error()}, sayAtOnce)
		return http.StatusBadRequest, nil
	}
	return http.StatusOK, refused
}

// isOctets reports whether a Content-Type is of revision 3's binary payloads. Any text, which is what
// browsers send, is told without parsing it.
func isOctets(contentType []string) bool {
	if len(contentType) == 0 || strings.HasPrefix(contentType[0], "text/") {
		return false
	}
	kind, _, _ := mime.ParseMediaType(contentType[0])
	return kind == "application/octet-stream"
}

// posted ends a POST.
func (t *polling) posted(p *post) {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.post == p {
		t.post = nil
	}
}

// goodbyePollWait is how long a close packet waits for the browser's poll.
const goodbyePollWait = 50 * time.Millisecond

// awaitPoll waits a moment for the poll that a browser says goodbye beside. The two travel on two
// connections; without it the poll that loses the race would find its session unknown, instead of
// ending with a noop.
func (s *Session) awaitPoll() {
	s.mu.Lock()
	t, polls := s.transport.(*polling)
	if !polls || t.poll != nil || s.state > upgrading {
		s.mu.Unlock()
		return
	}
	arrived := make(chan struct{})
	t.awaited = arrived
	s.mu.Unlock()
	timer := time.NewTimer(goodbyePollWait)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
	}
}
