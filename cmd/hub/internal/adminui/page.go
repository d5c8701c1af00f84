package adminui

import (
	"time"

	"github.com/siohub/siohub/hub"
)

// letIn accepts a page. It is told the id of its login, if that is a new one, right after CONNECT.
func (u *UI) letIn(a *hub.ConnectAttempt, session string) {
	acceptance := hub.Acceptance{Policy: &hub.Policy{EventsPerSecond: pageEvents}}
	if session != "" {
		acceptance.Then = func(s *hub.Socket, b *hub.Batch) {
			u.emitTo(b, []string{s.ID()}, "session", arguments(session))
		}
	}
	_ = a.Accept(acceptance) // its browser may be gone
}

// full reports whether there are as many pages as may be.
func (u *UI) full() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.pages) >= maxPages
}

// revoke disconnects all pages here: they have logged in with a password that is no more.
func (u *UI) revoke() {
	u.post(func(time.Time) {
		ids := u.pageIDs()
		if len(ids) == 0 {
			return
		}
		target := hub.Target{Namespace: u.options.Namespace, Sockets: ids}
		if _, err := u.hub.Disconnect(nil, target, hub.DisconnectOptions{CloseTransport: true, Detail: "the password has changed"}); err != nil {
			u.options.Logger.Warn("pages of the admin UI cannot be disconnected", "error", err)
		}
	})
}

func (u *UI) pageConnected(s *hub.Socket) {
	u.mu.Lock()
	u.pages[s.ID()] = new(page)
	n := len(u.pages)
	u.mu.Unlock()
	u.options.Trace.Pages(n)
	u.awake()
}

func (u *UI) pageDisconnected(s *hub.Socket) {
	u.mu.Lock()
	delete(u.pages, s.ID())
	n := len(u.pages)
	u.mu.Unlock()
	u.options.Trace.Pages(n)
	u.awake()
}

// configuration is what a page is told that it may do.
type configuration struct {
	SupportedFeatures []string `json:"supportedFeatures"`
}

// features are what pages may do.
//
// Source: @socket.io/admin-ui 0.5, detectSupportedFeatures.
func (u *UI) features() []string {
	var all []string
	if !u.options.ReadOnly {
		all = append(all, "EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT")
	}
	all = append(all, "AGGREGATED_EVENTS")
	if u.options.Development {
		all = append(all, "ALL_EVENTS")
	}
	return all
}

// welcome tells pages that have come what they may do, and what there is.
func (u *UI) welcome(now time.Time) {
	var fresh []string
	u.mu.Lock()
	for id, p := range u.pages {
		if !p.told {
			p.told = true
			fresh = append(fresh, id)
		}
	}
	u.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	u.emitTo(nil, fresh, "config", arguments(configuration{u.features()}))
	u.emitStats(now, fresh)
	u.tellOthers(fresh)
}

// emitTo emits to pages here.
func (u *UI) emitTo(b *hub.Batch, ids []string, event string, args []byte) {
	target := hub.Target{Namespace: u.options.Namespace, Sockets: ids}
	if _, err := u.hub.Emit(b, target, hub.Message{Event: event, Args: args}, hub.EmitOptions{Local: true}); err != nil {
		u.options.Trace.Dropped(event, 1)
	}
}
