package adminui

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/sampledlog"
)

// UI is an Application in front of another one. New makes it, Bind gives it its hub, Run goes on with it.
type UI struct {
	// set at construction, hub by Bind
	options Options
	next    next
	hub     *hub.Hub
	guard   *guard
	queue   *queue
	refused *sampledlog.Line
	// wake asks Run to look at once. actions are what pages want done.
	wake    chan struct{}
	actions chan action

	// tells says that somebody looks and is to be told of each socket.
	tells atomic.Bool

	// owned by Run
	stats    stats
	lists    lists
	nextAsk  time.Time
	watching bool // the hub's onlooker is set
	// searchAgain is when sockets of a target may be looked for again.
	searchAgain time.Time

	mu sync.Mutex // guards the fields below
	// pages are those that are connected here, by socket id.
	pages map[string]*page
	// elsewhere is until when somebody is taken to look at another server.
	elsewhere time.Time
	// known are namespaces that other servers have.
	known map[string]struct{}
	// posted is what Run is to do.
	posted []func(now time.Time)
}

// page is a page that is connected here.
type page struct {
	// told says that it has its configuration. Owned by Run.
	told bool
}

// New returns a UI in front of an application. Bind has to follow before the hub takes traffic.
func New(app hub.Application, options Options) *UI {
	u := &UI{
		options: options, next: nextOf(app),
		refused: sampledlog.New(options.Logger, refusedWarnEvery),
		wake:    make(chan struct{}, 1), actions: make(chan action, maxActions),
		pages: make(map[string]*page), known: make(map[string]struct{}),
	}
	u.queue = newQueue(options.Trace.Dropped, sampledlog.New(options.Logger, refusedWarnEvery), u.awake)
	u.guard = &guard{
		options: &u.options, refused: u.refused, letIn: u.letIn, full: u.full, revoked: u.revoke, waiting: make(chan login, maxWaiting),
		compare: bcrypt.CompareHashAndPassword,
	}
	u.lists.ui = u
	for _, name := range options.Namespaces {
		u.known[name] = struct{}{}
	}
	return u
}

// refusedWarnEvery is the time from one warning to the next.
const refusedWarnEvery = time.Minute

// Bind gives the UI the hub that it is the application of. It is called once.
func (u *UI) Bind(h *hub.Hub) { u.hub = h }

// Run goes on until ctx ends.
func (u *UI) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { u.guard.run(ctx) })
	u.run(ctx)
	running.Wait()
	u.hub.SetOnlooker(nil)
	u.tells.Store(false)
}

// run tells, counts and carries out.
func (u *UI) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	ticks := true
	for {
		if wanted := u.looked(time.Now()) || !u.hub.Cluster().Alone(); wanted != ticks {
			ticks = wanted
			if ticks {
				ticker.Reset(time.Second)
			} else {
				ticker.Stop()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			u.tick(time.Now())
		case <-u.wake:
		case a := <-u.actions:
			u.act(a)
		}
		u.step(time.Now())
	}
}

// awake asks Run to look at once.
func (u *UI) awake() {
	select {
	case u.wake <- struct{}{}:
	default: // it will
	}
}

// post has Run do something.
func (u *UI) post(do func(now time.Time)) {
	u.mu.Lock()
	u.posted = append(u.posted, do)
	u.mu.Unlock()
	u.awake()
}

// tick is done every second while somebody looks, or might.
func (u *UI) tick(now time.Time) {
	if !u.hub.Cluster().Alone() && !now.Before(u.nextAsk) {
		u.nextAsk = now.Add(askPeriod)
		u.askWhoLooks()
	}
	if u.looked(now) {
		u.count(now)
	} else {
		u.stats = stats{}
	}
}

// step does what there is to do.
func (u *UI) step(now time.Time) {
	u.mu.Lock()
	posted := u.posted
	u.posted = nil
	u.mu.Unlock()
	for _, do := range posted {
		do(now)
	}
	u.look(now)
	u.welcome(now)
	u.deliver()
	u.lists.step(now)
}

// looked reports whether anybody looks, here or elsewhere.
func (u *UI) looked(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.pages) > 0 || now.Before(u.elsewhere)
}

// lookedElsewhere reports whether somebody is taken to look at another server.
func (u *UI) lookedElsewhere(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return now.Before(u.elsewhere)
}

// look begins and ends telling what happens.
func (u *UI) look(now time.Time) {
	u.set(u.options.Development && u.looked(now))
	if watch := u.tells.Load(); watch != u.watching {
		u.watching = watch
		if watch {
			u.hub.SetOnlooker(&hub.Onlooker{Emitted: u.emitted, DataSet: u.dataSet})
		} else {
			u.hub.SetOnlooker(nil)
		}
	}
}

// set changes tells, which is written to only when it changes: all cores read it.
func (u *UI) set(tells bool) {
	if u.tells.Load() != tells {
		u.tells.Store(tells)
	}
}

// pageIDs are the ids of the pages here, sorted.
func (u *UI) pageIDs() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	ids := make([]string, 0, len(u.pages))
	for id := range u.pages {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// deliver emits what has been put into the queue.
func (u *UI) deliver() {
	options := hub.EmitOptions{Local: !u.lookedElsewhere(time.Now())}
	everybody := hub.Target{Namespace: u.options.Namespace, All: true}
	for items := u.queue.take(); len(items) > 0; items = u.queue.take() {
		batch := u.hub.NewBatch()
		for _, i := range items {
			some := []item{i}
			if i.later != nil {
				some = i.later()
			}
			for _, i := range some {
				if _, err := u.hub.Emit(batch, everybody, hub.Message{Event: i.event, Args: i.args, Attachments: i.attachments}, options); err != nil {
					u.options.Trace.Dropped(i.event, 1)
				}
			}
		}
		batch.Flush()
	}
}
