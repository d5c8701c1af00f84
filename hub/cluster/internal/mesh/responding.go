package mesh

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// responders holds the questions of others that are being answered here.
type responders struct {
	trace *tracer

	mu    sync.Mutex // guards the fields below
	open  map[asked]*responder
	bytes int
}

// asked names a question of another hub.
type asked struct{ hub, id string }

// responder takes the host's answers to one of them.
type responder struct {
	in       *inbox
	question asked
	size     int
	until    time.Time
	ended    atomic.Bool
}

// begin takes a question in, or refuses it where too many are open.
func (t *responders) begin(r *responder) bool {
	t.mu.Lock()
	_, double := t.open[r.question]
	if double || len(t.open) >= maxQuestions || t.bytes+r.size > maxQuestionBytes {
		t.mu.Unlock()
		t.trace.questionRefused("answered")
		return false
	}
	t.open[r.question] = r
	t.bytes += r.size
	t.mu.Unlock()
	t.trace.questions("answered", 1)
	return true
}

// end takes one out: nothing more is sent.
func (t *responders) end(q asked) bool {
	t.mu.Lock()
	r := t.open[q]
	t.dropLocked(r)
	t.mu.Unlock()
	return r != nil
}

// endWhere ends those that which picks.
func (t *responders) endWhere(which func(*responder) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.open {
		if which(r) {
			t.dropLocked(r)
		}
	}
}

func (t *responders) dropLocked(r *responder) {
	if r == nil {
		return
	}
	r.ended.Store(true)
	delete(t.open, r.question)
	t.bytes -= r.size
	t.trace.questions("answered", -1)
}

// Ended implements cluster.Responder.
func (r *responder) Ended() bool { return r.ended.Load() }

// Answer implements cluster.Responder.
func (r *responder) Answer(a *cluster.Answer) {
	if r.Ended() {
		return
	}
	if !a.More && !r.in.responders.end(r.question) {
		return
	}
	frames, err := wire.EncodeAnswer(r.question.id, a)
	if err != nil {
		r.in.out.tooLarge("an answer")
		frames = [][]byte{wire.EncodeRefusal(r.question.id)}
		r.in.responders.end(r.question)
	}
	for _, f := range frames {
		if _, err := r.in.out.send(wire.Answer, Address{Hub: r.question.hub}, f, false); err != nil {
			// A part that is missing makes the answer a wrong one: then it is none.
			r.in.responders.end(r.question)
			return
		}
	}
}
