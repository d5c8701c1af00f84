package engineio

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// PostHold is how long a POST is held whose next message is not taken because its session is paused, before it
// is answered all the same. Proxies cut what is silent for 30 s or 60 s.
const PostHold = 25 * time.Second

// post is a POST of a session that polls: its body is read as a whole (body.go), its packets are handed up, and it
// is answered. While the session is paused it is held, at most PostHold. It is the request's goroutine that does
// all this.
type post struct {
	polling *polling
	answer  http.ResponseWriter
	item    unfinished.Item // the body, while it is read or held
	since   time.Time       // its browser's pong has had to wait since then: for its body, or its answer; zero: it has not
	waited  time.Duration   // how long it has waited for room
	scanned int             // see last
	begun   int             // where its result begins
	charged time.Time       // when it was counted against the rates
	held    *time.Timer     // ends the hold; nil before it has begun

	// Guarded by session.mu.
	proceed  chan struct{} // has a token when whoever waits may go on; nil while the body has come in one read
	reading  bool
	released bool // the session has ended, nobody waits for the rest
}

// okBody is the answer to a POST.
var okBody = []byte("ok")

// servePost takes packets from a POST. The body is read as a whole before anything of it is acted on,
// so that nothing is taken from a request that breaks off.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Sending data. Source: reference 1.5.
func (t *polling) servePost(w http.ResponseWriter, r *http.Request) {
	s := t.session
	p := &post{polling: t, answer: w}
	s.mu.Lock()
	if refusal, ok := t.carriesLocked(); !ok {
		s.mu.Unlock()
		s.server.refusals.session.refuse(w, r, refusal)
		return
	}
	if t.post != nil {
		s.mu.Unlock()
		s.end(Close{Reason: ReasonTransportError, Detail: "a second post while one was being read"}, endNow)
		s.server.refusals.session.deny(w, r, http.StatusBadRequest)
		return
	}
	t.post = p
	t.requests++
	s.mu.Unlock()
	status, refusal := p.accept(r)
	// Before the answer: the browser may post again as soon as it has it.
	t.posted(p)
	switch {
	case refusal != nil:
		s.server.refusals.session.refuse(w, r, *refusal)
	case status != http.StatusOK:
		s.server.refusals.session.deny(w, r, status)
	default:
		w.Header()["Cache-Control"] = noStore
		s.server.policy.Decorate(w, r)
		respond(w, r, status, typeHTML, okBody)
	}
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

// accept reads the body and acts on its packets. It returns the answer's status, or a refusal.
func (p *post) accept(r *http.Request) (status int, refused *refusal) {
	s := p.polling.session
	if !revision3(s) && isOctets(r.Header["Content-Type"]) {
		s.end(Close{Reason: ReasonTransportError, Detail: "invalid content"}, endNow)
		return http.StatusBadRequest, nil
	}
	body := buffers.get()
	defer buffers.put(body)
	scratch := body
	if revision3(s) {
		scratch = buffers.get()
		defer buffers.put(scratch)
	}
	if status, err := p.read(r, body); err != nil {
		// The reference keeps a session whose body was too large: it is the browser that ends it.
		if status != http.StatusRequestEntityTooLarge {
			s.end(Close{Reason: ReasonTransportError, Detail: err.Error()}, endNow)
		}
		return status, nil
	}
	payload, err := p.payload(r, *body, scratch)
	if err == nil {
		refused, err = p.take(r.Context(), payload)
	}
	if err != nil {
		s.end(Close{Reason: ReasonParseError, Detail: err.Error()}, endNow)
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

// payload reads a body as far as is needed to know how many packets there are in it. scratch is for a text payload of
// revision 3.
func (p *post) payload(r *http.Request, body []byte, scratch *[]byte) (posted, error) {
	if revision3(p.polling.session) {
		payload, packets, err := p.payload3(r, body, scratch)
		return posted{payload, packets, true}, err
	}
	if !utf8.Valid(body) {
		return posted{}, errNotUTF8
	}
	return posted{body, bytes.Count(body, []byte{eiopacket.Separator}) + 1, false}, nil
}

// posted is the payload of a POST.
type posted struct {
	payload   []byte
	packets   int
	revision3 bool // a binary payload of revision 3, whose lengths and number of packets have been checked
}

// take acts on the packets of a payload, and waits if it is more than the rates allow. When it returns without an
// error, the POST is to be answered.
func (p *post) take(ctx context.Context, payload posted) (*refusal, error) {
	debt, refused, err := p.hand(payload)
	p.delay(ctx, debt)
	return refused, err
}

// hand hands up the packets of a payload; some of them may be left with the session. It returns how long the answer
// has to wait.
func (p *post) hand(of posted) (debt rates.Debt, refused *refusal, err error) {
	t := p.polling
	s := t.session
	s.receiving.Lock()
	defer s.receiving.Unlock()
	defer s.guard()
	s.mu.Lock()
	moved, ok := t.carriesLocked() // the upgrade may have come in between
	s.mu.Unlock()
	if !ok {
		return debt, &moved, nil
	}
	h := s.listener()
	p.charged = time.Now()
	debt = s.flow.charge(h, int64(of.packets), int64(len(of.payload)))
	s.flow.owe(debt.Wait)
	own := &pendingPayload{polling: t, rest: of.payload, more: !of.revision3 || len(of.payload) > 0, checked: of.revision3, revision3: of.revision3}
	defer p.endHold()
	for {
		held, err := t.handPending(h)
		if !held && err == nil {
			held, err = own.hand(s, h)
		}
		switch {
		case err != nil, !held:
			return debt, nil, err
		case p.hold(len(of.payload)):
		default:
			if added, err := t.addPending(own); added || err != nil {
				return debt, nil, err
			}
		}
	}
}

// hold waits with a payload of so many bytes until a message may be handed up. False means that the POST has been held for long enough.
func (p *post) hold(size int) bool {
	t := p.polling
	s := t.session
	if p.held == nil {
		p.held = time.NewTimer(s.server.postHold)
		s.server.unfinished.Rest(&p.item, p, int64(size))
		s.mu.Lock()
		t.heldSince = time.Now()
		s.mu.Unlock()
	}
	for opens := t.gate.waits(s); opens != nil; opens = t.gate.waits(s) {
		select {
		case <-opens:
		case <-p.held.C:
			p.held.Reset(0) // for the next call
			return false
		}
	}
	return true
}

// endHold gives a probe the time for which its browser could not go on: it waits for the answer of its POST.
func (p *post) endHold() {
	if p.held == nil {
		return
	}
	p.held.Stop()
	t := p.polling
	s := t.session
	s.server.unfinished.End(&p.item)
	defer t.endIfPeerClosed()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != nil {
		s.probe.extendLocked(t.heldSince)
	}
	t.heldSince = time.Time{}
	if t.pending != nil && !s.flow.paused() { // resumed since it was left
		s.server.tasks.start(t.resumePending)
	}
}

// delay lets the answer wait, at most PostHold from when it was counted; the next POST then waits for the rest. Until
// then the browser cannot send its pong, nor its upgrade packet.
func (p *post) delay(ctx context.Context, debt rates.Debt) {
	if debt.Wait <= 0 {
		return
	}
	defer p.polling.session.server.limits.paid(debt)
	wait := min(debt.Wait, PostHold) - time.Since(p.charged) // it may have been held meanwhile
	if wait <= 0 || !p.mayWait() {
		return
	}
	p.since = time.Now()
	flow := &p.polling.session.flow
	flow.pause(uploading)
	defer func() {
		p.extendProbe()
		flow.resume(uploading)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.proceed: // released
	case <-ctx.Done():
	}
}

// mayWait makes the channel that a wait is ended by. False means that the session has ended.
func (p *post) mayWait() bool {
	s := p.polling.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.proceed == nil && !p.released {
		p.proceed = make(chan struct{}, 1)
	}
	return !p.released
}

// releaseLocked ends a read or a wait; the caller holds session.mu.
func (p *post) releaseLocked() {
	p.released = true
	if p.proceed != nil {
		p.GoOn()
	}
	if p.reading {
		p.setReadDeadline(time.Unix(1, 0))
	}
}
