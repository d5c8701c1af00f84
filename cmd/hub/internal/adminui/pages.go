package adminui

import (
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub"
)

// pages are those that look: which are connected here, and whether there are any at other servers. Its methods are safe for concurrent
// use.
type pages struct {
	*site
	tasks *tasks

	mu   sync.Mutex       // guards the fields below
	here map[string]*page // by socket id
	// elsewhere is until when somebody is taken to look at another server.
	elsewhere time.Time
}

// page is a page that is connected here.
type page struct {
	// told says that it has its configuration.
	told bool
}

// letIn accepts a page. It is told the id of its login, if that is a new one, right after CONNECT.
func (p *pages) letIn(a *hub.ConnectAttempt, session string) {
	acceptance := hub.Acceptance{Policy: &hub.Policy{EventsPerSecond: pageEvents}}
	if session != "" {
		acceptance.Then = func(s *hub.Socket, b *hub.Batch) {
			p.emitTo(b, []string{s.ID()}, "session", arguments(session))
		}
	}
	_ = a.Accept(acceptance) // its browser may be gone
}

// full reports whether there are as many pages as may be.
func (p *pages) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.here) >= maxPages
}

// revoke disconnects all pages here: they have logged in with a password that is no more.
func (p *pages) revoke() {
	p.tasks.post(func(time.Time) {
		ids := p.ids()
		if len(ids) == 0 {
			return
		}
		target := hub.Target{Namespace: p.options.Namespace, Sockets: ids}
		if _, err := p.hub.Disconnect(nil, target, hub.DisconnectOptions{CloseTransport: true, Detail: "the password has changed"}); err != nil {
			p.options.Logger.Warn("pages of the admin UI cannot be disconnected", "error", err)
		}
	})
}

func (p *pages) connected(s *hub.Socket) {
	p.mu.Lock()
	p.here[s.ID()] = new(page)
	n := len(p.here)
	p.mu.Unlock()
	p.options.Trace.Pages(n)
	p.tasks.awake()
}

func (p *pages) disconnected(s *hub.Socket) {
	p.mu.Lock()
	delete(p.here, s.ID())
	n := len(p.here)
	p.mu.Unlock()
	p.options.Trace.Pages(n)
	p.tasks.awake()
}

// fresh are the ids of the pages that have come since it was last called.
func (p *pages) fresh() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, one := range p.here {
		if !one.told {
			one.told = true
			ids = append(ids, id)
		}
	}
	return ids
}

// ids are the ids of the pages here, sorted.
func (p *pages) ids() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make([]string, 0, len(p.here))
	for id := range p.here {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// lookFor takes it that somebody looks at another server until then.
func (p *pages) lookFor(until time.Time) {
	p.mu.Lock()
	if until.After(p.elsewhere) {
		p.elsewhere = until
	}
	p.mu.Unlock()
	p.tasks.awake()
}

// looked reports whether anybody looks, here or elsewhere.
func (p *pages) looked(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.here) > 0 || now.Before(p.elsewhere)
}

// lookedElsewhere reports whether somebody is taken to look at another server.
func (p *pages) lookedElsewhere(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.elsewhere)
}

// emitTo emits to pages here.
func (p *pages) emitTo(b *hub.Batch, ids []string, event string, args []byte) {
	target := hub.Target{Namespace: p.options.Namespace, Sockets: ids}
	p.emit(b, target, hub.Message{Event: event, Args: args}, true)
}

// emitToAll emits to all pages, here and elsewhere.
func (p *pages) emitToAll(b *hub.Batch, now time.Time, m hub.Message) {
	p.emit(b, hub.Target{Namespace: p.options.Namespace, All: true}, m, !p.lookedElsewhere(now))
}

func (p *pages) emit(b *hub.Batch, t hub.Target, m hub.Message, local bool) {
	if _, err := p.hub.Emit(b, t, m, hub.EmitOptions{Local: local}); err != nil {
		p.options.Trace.Dropped(m.Event, 1)
	}
}

// configuration is what a page is told that it may do.
type configuration struct {
	SupportedFeatures []string `json:"supportedFeatures"`
}

// features are what pages may do.
//
// Source: @socket.io/admin-ui 0.5, detectSupportedFeatures.
func (o *Options) features() []string {
	var all []string
	if !o.ReadOnly {
		all = append(all, "EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT")
	}
	all = append(all, "AGGREGATED_EVENTS")
	if o.Development {
		all = append(all, "ALL_EVENTS")
	}
	return all
}
