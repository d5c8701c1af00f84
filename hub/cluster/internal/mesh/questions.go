package mesh

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Questions holds what this hub has asked and waits for. It is safe for concurrent use.
type Questions struct {
	trace *tracer

	mu    sync.Mutex // guards the fields below
	open  map[string]*Asked
	bytes int
}

// Asked is a question that is open. Its methods are safe for concurrent use and do nothing once it is done.
type Asked struct {
	// ID names it on the wire: 32 hexadecimal digits that nobody guesses.
	ID string
	// Wait is how long answers are waited for.
	Wait time.Duration

	table  *Questions
	asking cluster.Asking
	size   int
	timer  *time.Timer
	ended  func(*Asked) // told once, before Done, while some have not answered; nil: nobody

	mu      sync.Mutex      // guards the fields below
	servers map[string]bool // that have not given their last answer; true: waited for
	spoken  map[string]bool // that have given a part of their answer
	broken  map[string]bool // of whose answers some are lost: they stay among the missing
	foreign int             // answers of servers without a name that are still to come; below zero: not known yet
	queue   []*cluster.Answer
	over    bool // nothing is taken any more; Done is called, or will be
	told    bool // Done has been called
	running bool // somebody is in drain
}

// Pending is a number of foreign servers that is not known yet.
const Pending = -1

// Expected says of whom a question is asked.
type Expected struct {
	// Servers are waited for, Silent are not, but their answers are taken.
	Servers, Silent []string
	// Foreign is how many others will answer without a name, or Pending.
	Foreign int
}

// NewQuestions returns an empty table.
func NewQuestions(trace *cluster.Trace) *Questions {
	return &Questions{trace: &tracer{trace}, open: map[string]*Asked{}}
}

// Open begins a question of so many bytes. ended may be nil; it is told before Done if some have not answered. Nil: too many are
// open; Done is not called. Begin has to follow.
func (t *Questions) Open(a cluster.Asking, e Expected, wait time.Duration, size int, ended func(*Asked)) *Asked {
	var id [16]byte
	_, _ = rand.Read(id[:])
	o := &Asked{
		ID: hex.EncodeToString(id[:]), Wait: wait,
		table: t, asking: a, size: size, ended: ended, servers: map[string]bool{}, foreign: e.Foreign,
	}
	for _, s := range e.Silent {
		o.servers[s] = false
	}
	for _, s := range e.Servers {
		o.servers[s] = true
	}
	t.mu.Lock()
	if len(t.open) >= maxQuestions || t.bytes+size > maxQuestionBytes {
		t.mu.Unlock()
		t.trace.questionRefused("asked")
		return nil
	}
	t.open[o.ID] = o
	t.bytes += size
	t.mu.Unlock()
	t.trace.questions("asked", 1)
	return o
}

// Begin starts its time, and ends it at once if nobody is waited for. It is called once, after the question was sent, or
// before.
func (o *Asked) Begin() {
	o.mu.Lock()
	if !o.over {
		o.timer = time.AfterFunc(o.Wait, o.Stop)
	}
	o.settle()
}

// Answer takes an answer of a server that has a name. It reports false where that one was not asked.
func (t *Questions) Answer(id, from string, a *cluster.Answer) bool {
	o := t.find(id)
	return o != nil && o.AnswerOf(from, a)
}

// Refused takes a server's word that it does not answer.
func (t *Questions) Refused(id, from string) bool {
	o := t.find(id)
	return o != nil && o.unwait(from)
}

func (t *Questions) find(id string) *Asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[id]
}

// Find returns the open question of an id, nil if there is none: for answers in another form.
func (t *Questions) Find(id string) *Asked { return t.find(id) }

// Gone says that a server is silent, or lost: nobody waits for it any more.
func (t *Questions) Gone(server string) {
	for _, o := range t.all() {
		o.unwait(server)
	}
}

// Unheard says that a server has just begun to hear, for it has connected anew: it has not heard of what it was asked before, and
// has said nothing to, though it may seem to be there by what it had said earlier and came late.
func (t *Questions) Unheard(server string) {
	for _, o := range t.all() {
		o.mu.Lock()
		spoken := o.spoken[server]
		o.mu.Unlock()
		if !spoken {
			o.unwait(server)
		}
	}
}

// Broken says that something that a server sent to this hub is lost, maybe a part of an answer: what it answers to the
// questions that are open is not whole.
func (t *Questions) Broken(server string) {
	for _, o := range t.all() {
		o.mu.Lock()
		if _, asked := o.servers[server]; asked {
			if o.broken == nil {
				o.broken = map[string]bool{}
			}
			o.broken[server] = true
		}
		o.mu.Unlock()
	}
}

func (t *Questions) all() []*Asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.open))
}

// CloseAll ends all questions.
func (t *Questions) CloseAll() {
	for _, o := range t.all() {
		o.Stop()
	}
}

// AnswerOf takes an answer of a server that has a name.
func (o *Asked) AnswerOf(from string, a *cluster.Answer) bool {
	o.mu.Lock()
	_, asked := o.servers[from]
	if o.over || !asked {
		o.mu.Unlock()
		return false
	}
	a.From = from
	switch {
	case a.More:
		if o.spoken == nil {
			o.spoken = map[string]bool{}
		}
		o.spoken[from] = true
	case o.broken[from]:
		o.servers[from] = false
	default:
		delete(o.servers, from)
	}
	o.queue = append(o.queue, a)
	o.settle()
	return true
}

// AnswerOfForeign takes an answer of a server that has none; without More it is one of those that were expected.
func (o *Asked) AnswerOfForeign(a *cluster.Answer) bool {
	o.mu.Lock()
	if o.over || o.foreign == 0 {
		o.mu.Unlock()
		return false
	}
	a.From = cluster.Unnamed
	if !a.More && o.foreign > 0 {
		o.foreign--
	}
	o.queue = append(o.queue, a)
	o.settle()
	return true
}

// Foreign says how many answers of servers without a name are still to come.
func (o *Asked) Foreign(n int) {
	o.mu.Lock()
	o.foreign = n
	o.settle()
}

// Expect adds servers that are waited for.
func (o *Asked) Expect(servers ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range servers {
		o.servers[s] = true
	}
}

// unwait says that a server is not waited for any more.
func (o *Asked) unwait(server string) bool {
	o.mu.Lock()
	if _, asked := o.servers[server]; o.over || !asked {
		o.mu.Unlock()
		return false
	}
	o.servers[server] = false
	o.settle()
	return true
}

// Stop ends the question. Done is called before it returns, unless somebody is just calling Answer, who calls Done then.
func (o *Asked) Stop() {
	o.mu.Lock()
	o.overLocked()
	o.drain()
}

// settle ends the question when nobody is waited for. It has the lock and gives it back.
func (o *Asked) settle() {
	waiting := o.foreign != 0 || o.timer == nil && !o.over
	for _, w := range o.servers {
		waiting = waiting || w
	}
	if !waiting {
		o.overLocked()
	}
	o.drain()
}

func (o *Asked) overLocked() {
	if o.over {
		return
	}
	o.over = true
	if o.timer != nil {
		o.timer.Stop()
	}
}

// drain calls what is to be called, in order, unless somebody does already. It has the lock and gives it back.
func (o *Asked) drain() {
	if o.running {
		o.mu.Unlock()
		return
	}
	o.running = true
	for {
		switch {
		case len(o.queue) > 0:
			a := o.queue[0]
			o.queue[0] = nil
			o.queue = o.queue[1:]
			o.mu.Unlock()
			if o.asking.Answer != nil {
				o.table.trace.guard(func() { o.asking.Answer(a) })
			}
		case o.over && !o.told:
			o.told = true
			missing := o.missingLocked()
			o.mu.Unlock()
			o.finish(missing)
		default:
			o.running = false
			o.mu.Unlock()
			return
		}
		o.mu.Lock()
	}
}

func (o *Asked) missingLocked() []string {
	var missing []string
	for s := range o.servers {
		missing = append(missing, s)
	}
	for n := o.foreign; n != 0; n-- {
		missing = append(missing, cluster.Unnamed)
		if n < 0 { // nobody knows how many
			break
		}
	}
	slices.Sort(missing)
	return missing
}

func (o *Asked) finish(missing []string) {
	o.table.mu.Lock()
	delete(o.table.open, o.ID)
	o.table.bytes -= o.size
	o.table.mu.Unlock()
	o.table.trace.questions("asked", -1)
	o.table.trace.questionDone(len(missing))
	if len(missing) > 0 && o.ended != nil {
		o.ended(o)
	}
	o.table.trace.guard(func() { o.asking.Done(missing) })
}
