package adminui

import (
	"context"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/sampledlog"
)

// UI is an Application in front of another one. New makes it, Bind gives it its hub, Run goes on with it.
type UI struct {
	site     *site
	next     next
	guard    *guard
	pages    *pages
	commands *commands
	teller   *teller
	loop     *loop
}

// site is what the parts of a UI have in common.
type site struct {
	options Options
	hub     *hub.Hub // set by Bind
	refused *sampledlog.Line
}

// mine reports whether a namespace is the UI's own.
func (s *site) mine(namespace string) bool { return namespace == s.options.Namespace }

// refusedWarnEvery is the time from one warning to the next.
const refusedWarnEvery = time.Minute

// New returns a UI in front of an application. Bind has to follow before the hub takes traffic.
func New(app hub.Application, options Options) *UI {
	s := &site{options: options, refused: sampledlog.New(options.Logger, refusedWarnEvery)}
	t := newTasks()
	p := &pages{site: s, tasks: t, here: make(map[string]*page)}
	q := newQueue(options.Trace.Dropped, sampledlog.New(options.Logger, refusedWarnEvery), t.awake)
	o := newOthers(s, p, t)
	l := &lists{site: s, pages: p, tasks: t, queue: q, others: o}
	o.learned = func() { t.post(func(time.Time) { l.wantAgain(listSooner) }) }
	c := &commands{site: s, waiting: make(chan action, maxActions)}
	tell := &teller{site: s, pages: p, queue: q, learn: o.hear}
	return &UI{
		site: s, next: nextOf(app), pages: p, commands: c, teller: tell,
		guard: &guard{
			options: &s.options, refused: s.refused, letIn: p.letIn, full: p.full, revoked: p.revoke,
			tickets: tickets{&s.options}, waiting: make(chan login, maxWaiting), compare: bcrypt.CompareHashAndPassword,
		},
		loop: &loop{site: s, tasks: t, pages: p, commands: c, teller: tell, lists: l, others: o, counter: counter{site: s, pages: p}},
	}
}

// Bind gives the UI the hub that it is the application of. It is called once.
func (u *UI) Bind(h *hub.Hub) { u.site.hub = h }

// Run goes on until ctx ends.
func (u *UI) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { u.guard.run(ctx) })
	u.loop.run(ctx)
	running.Wait()
	u.teller.end()
}
